import { isIP, type LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";

type Allowed = { allow_private: boolean };

/** Why no webhook may go to a URL, as far as the URL itself shows it; a name may yet lead to a private address. */
export const refusedUrl = (url: string, { allow_private }: Allowed): string | undefined => {
  const parsed = URL.parse(url);
  if (!parsed || !/^https?:$/.test(parsed.protocol)) return "a webhook goes to an http or https URL";
  if (parsed.username || parsed.password) return "a webhook's URL must hold no user name or password";
  const host = parsed.hostname.replace(/^\[|\]$/g, "");
  if (allow_private || !(namesThisMachine(host) || (isIP(host) !== 0 && !isPublic(host)))) return undefined;
  return notPublic(host);
};

/**
 * A lookup that fails with {@link AddressRefused} when a name leads to any address that is not public. What it passes
 * is what is connected to, so a name that changes its mind in between gains nothing.
 */
export const publicOnly =
  (lookup: LookupFunction): LookupFunction =>
  (name, options, callback) =>
    lookup(name, options, (error, found, family) => {
      if (error) return callback(error, found, family);
      const addresses = typeof found === "string" ? [found] : found.map(({ address }) => address);
      const refused = addresses.find((address) => !isPublic(address));
      if (refused === undefined) return callback(null, found, family);
      callback(new AddressRefused(notPublic(name, refused)), "");
    });

export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
}

const notPublic = (host: string, address = host): string =>
  `${address === host ? host : `${host} leads to ${address}, which`} is not a public address; set webhooks.allow_private: true to allow it`;

const namesThisMachine = (host: string): boolean => /^(.*\.)?localhost\.?$/.test(host);

const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");
/** Azure's machines reach their host at this one, though it is from a public range. */
const azureHost = "168.63.129.16";

/** IPv6 addresses that carry an IPv4 address count as special to ipaddr.js, but for the `::127.0.0.1` form. */
const isPublic = (address: string): boolean => {
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast" || address === azureHost) return false;
  return !(parsed instanceof ipaddr.IPv6) || parsed.match(globalUnicast);
};
