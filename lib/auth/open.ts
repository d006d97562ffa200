/** What decides whether a request needs a token. */
export type Arrival = {
  /** The listener it came in by. */
  via: "unix" | "tcp";
  /** The address that the TCP listener is bound to. */
  boundTo: string;
  required: "auto" | "always";
  host: string;
  hasHeader: (name: string) => boolean;
};

/**
 * Whether no token is needed. The unix socket has the mode 0600; a loopback port is this machine's own, unless a reverse
 * proxy stands before it: then the Host is another, or a header tells of the hop. Pure.
 */
export const isOpen = ({ via, boundTo, required, host, hasHeader }: Arrival): boolean => {
  if (via === "unix") return true;
  if (required === "always" || !isLoopback(boundTo) || !isLoopback(host)) return false;
  return !forwarding.some(hasHeader);
};

/** Whether an address or a name means this machine alone. */
export const isLoopback = (host: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(host);

const forwarding = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
