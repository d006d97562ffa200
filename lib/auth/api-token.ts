import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** An API token: `stromboli_`, the public id by which its row is found, and 256 random bits. */
export const createApiToken = (): { id: string; hash: string; text: string } => {
  const id = randomBytes(8).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  return { id, hash: hashOf(secret), text: `stromboli_${id}_${secret}` };
};

/** The halves of what looks like an API token. */
export const parseApiToken = (text: string): { id: string; secret: string } | undefined => {
  const [, id, secret] = /^stromboli_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/.exec(text) ?? [];
  return id && secret ? { id, secret } : undefined;
};

/** Compares in constant time. */
export const isSecretOf = (secret: string, hash: string): boolean =>
  timingSafeEqual(Buffer.from(hashOf(secret), "hex"), Buffer.from(hash, "hex"));

/** No slow hash is needed: there is nothing to guess in 256 random bits. */
const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("hex");
