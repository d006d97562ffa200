import { z } from "zod";
import { Duration } from "./units.ts";

export const Scope = z
  .enum(["read", "run", "secrets", "images", "admin"])
  .describe(
    "read: one's jobs and sessions. run: start and cancel runs. secrets, images: manage them. admin: everything, everybody's.",
  );
export type Scope = z.output<typeof Scope>;

/** Names whoever holds a token; what they make is theirs by this name. */
const TokenName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be 1 to 63 of letters, digits, ., _ and -, with no sign in front")
  .refine((name) => name !== "local", "must not be local: that is whoever needs no token");
const SecretPattern = z
  .string()
  .regex(/^[A-Za-z0-9_*-]{1,253}$/, "must be a secret's name, in which * stands for anything");

export const TokenRequest = z
  .strictObject({
    name: TokenName.describe("Whose token it is: jobs, sessions and secrets belong to this name."),
    scopes: z
      .array(Scope)
      .min(1, "must name at least one scope")
      .describe("What it may be used for: read, run, secrets, images, admin."),
    secrets: z
      .array(SecretPattern)
      .max(100)
      .optional()
      .describe("Secrets that its runs may use beside its own, such as ci-*."),
    expires_in: Duration.optional().describe("How long it is good, such as 24d; for ever by default."),
  })
  .meta({ id: "TokenRequest" });
export type TokenRequest = z.output<typeof TokenRequest>;

const Time = z.iso.datetime();

export const Token = z
  .object({
    name: z.string(),
    scopes: z.array(Scope),
    secrets: z.array(z.string()),
    created_at: Time,
    expires_at: Time.nullable(),
  })
  .meta({ id: "Token" });
export type Token = z.output<typeof Token>;

export const NewToken = Token.extend({ token: z.string().describe("Shown this once.") }).meta({ id: "NewToken" });
export type NewToken = z.output<typeof NewToken>;
export const TokenList = z.object({ tokens: z.array(Token) }).meta({ id: "TokenList" });
export const TokenRevoked = z.object({ success: z.literal(true), name: z.string() }).meta({ id: "TokenRevoked" });

export const LoginRequest = z
  .strictObject({
    client_id: z
      .string()
      .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 printable ASCII characters without spaces")
      .describe("Your own name for the client; GET /auth/validate tells it as the subject."),
  })
  .meta({ id: "LoginRequest" });

export const RefreshRequest = z
  .strictObject({ refresh_token: z.string().min(1).max(4096).describe("Good once: the answer has the next one.") })
  .meta({ id: "RefreshRequest" });

export const TokenPair = z
  .object({
    access_token: z.string(),
    refresh_token: z.string(),
    token_type: z.literal("bearer"),
    expires_in: z.int().describe("Seconds that the access token is good."),
  })
  .meta({ id: "TokenPair" });
export type TokenPair = z.output<typeof TokenPair>;

export const Validated = z
  .object({ valid: z.literal(true), subject: z.string(), expires_at: z.int().describe("Unix time in seconds.") })
  .meta({ id: "Validated" });
export type Validated = z.output<typeof Validated>;

export const LoggedOut = z.object({ success: z.literal(true), message: z.string() }).meta({ id: "LoggedOut" });
