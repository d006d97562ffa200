import ipaddr from "ipaddr.js";

type Arrival = {
  /** Who has the connection. */
  peer: string;
  /** The X-Forwarded-For header, to which every proxy adds at the end whom it was asked by. */
  forwardedFor: string | undefined;
};
export type Proxies = readonly ReturnType<typeof ipaddr.parseCIDR>[];

/**
 * The address that a request came from: of those that it passed, the last that is no trusted proxy. What stands before
 * that in the header is whatever the client likes to claim. Pure.
 */
export const clientAddress = ({ peer, forwardedFor = "" }: Arrival, trusted: Proxies): string => {
  let address = parse(peer);
  if (!address) return peer;
  for (const hop of forwardedFor.split(",").toReversed()) {
    const before = parse(hop);
    if (!before || !isTrusted(address, trusted)) break;
    address = before;
  }
  return address.toString();
};

/** Addresses and ranges of proxies; the texts have passed {@link isRange}. */
export const proxiesOf = (texts: readonly string[]): Proxies => texts.map(rangeOf);

/**
 * Whether a text is an address, or a range such as 10.0.0.0/8. What would match nothing is none: IPv4 that leaves numbers
 * out, as 10/8 does, which the library takes for 0.0.0.10/8; and IPv4 in IPv6 dress, for requests never come in that.
 */
export const isRange = (text: string): boolean => {
  const { IPv4, IPv6 } = ipaddr;
  if (IPv4.isValidFourPartDecimal(text) || IPv4.isValidCIDRFourPartDecimal(text)) return true;
  const [address = ""] = text.split("/");
  return (IPv6.isValid(text) || IPv6.isValidCIDR(text)) && !IPv6.parse(address).isIPv4MappedAddress();
};

/** For counting: who has an IPv6 address has all of its /64. */
export const networkOf = (address: string): string => {
  const parsed = parse(address);
  return parsed instanceof ipaddr.IPv6 ? ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString() : address;
};

const rangeOf = (text: string) =>
  ipaddr.isValidCIDR(text) ? ipaddr.parseCIDR(text) : ipaddr.parseCIDR(`${text}/${text.includes(":") ? 128 : 32}`);

/** Some proxies add the port. An IPv4 address in IPv6 dress is an IPv4 address. */
const parse = (hop: string) => {
  const text = hop
    .trim()
    .replace(/^\[(.*)\](:\d+)?$/, "$1")
    .replace(/^(\d+(?:\.\d+){3}):\d+$/, "$1");
  return ipaddr.isValid(text) && !/^\d+$/.test(text) ? ipaddr.process(text) : undefined;
};

const isTrusted = (address: ipaddr.IPv4 | ipaddr.IPv6, trusted: Proxies): boolean =>
  trusted.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits));
