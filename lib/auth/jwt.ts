import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Config } from "../schema/config.ts";
import { millisecondsOf } from "../schema/units.ts";

type Kind = "access" | "refresh";
/** `family`: what the login began that a token stems from. */
export type Claims = { id: string; family: string; subject: string; expiresAt: number };

const Payload = z
  .object({ jti: z.string(), fam: z.string(), sub: z.string(), exp: z.number(), use: z.enum(["access", "refresh"]) })
  .transform(({ jti, fam, sub, exp, use }) => ({ id: jti, family: fam, subject: sub, expiresAt: exp, use }));

/** Signs and reads JSON Web Tokens, with one algorithm and one secret; what a family may do is not in them. */
export const createJwt = (
  { jwt_secret, issuer, audience, access_ttl, refresh_ttl }: Config["auth"],
  now: () => number,
) => {
  const key = new TextEncoder().encode(jwt_secret);
  const seconds = {
    access: Math.ceil(millisecondsOf(access_ttl) / 1000),
    refresh: Math.ceil(millisecondsOf(refresh_ttl) / 1000),
  };

  return {
    seconds,

    async sign(use: Kind, { family, subject, id = randomUUID() }: Omit<Claims, "id" | "expiresAt"> & { id?: string }) {
      const { SignJWT } = await import("jose"); // 30 ms and some megabytes that most daemons never need
      const at = Math.floor(now() / 1000);
      return new SignJWT({ fam: family, use })
        .setProtectedHeader({ alg: "HS256", typ: "JWT" })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(subject)
        .setJti(id)
        .setIssuedAt(at)
        .setExpirationTime(at + seconds[use])
        .sign(key);
    },

    /** What a token says; nothing when it is not ours, has expired or is for another use. */
    async read(use: Kind, token: string): Promise<Claims | undefined> {
      const { jwtVerify } = await import("jose");
      const options = { algorithms: ["HS256"], issuer, audience, currentDate: new Date(now()) };
      const verified = await jwtVerify(token, key, options).catch(() => undefined); // whatever is wrong with it, it is no token
      const { data } = Payload.safeParse(verified?.payload);
      return data?.use === use ? data : undefined;
    },
  };
};
