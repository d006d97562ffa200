import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** What a container holds instead of a key: good for one job, at that job's broker, until the job ends. */
export const createHandle = (): string => `stromboli-${randomBytes(32).toString("base64url")}`;

/** Only this is stored, so that the database opens nothing. */
export const hashHandle = (handle: string): string => createHash("sha256").update(handle).digest("hex");

/** Compares in constant time. */
export const isHandle = (given: string, hash: string): boolean =>
  timingSafeEqual(Buffer.from(hashHandle(given), "hex"), Buffer.from(hash, "hex"));
