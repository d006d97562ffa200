import type { Scope } from "../schema/auth.ts";

/** What a request needs: a scope, any token that is good, nothing at all; or we do not know it. */
export type Need = Scope | "any" | "public" | "unknown";

const rules: readonly [method: string, path: RegExp, need: Need][] = [
  ["GET", /^\/(health|healthz|readyz|openapi\.json|docs)$/, "public"],
  ["GET", /^\/(page\/[^/]+)?$/, "public"], // it holds nothing, and asks for a token itself
  ["POST", /^\/auth\/refresh$/, "public"], // the refresh token is in the body
  ["GET", /^\/auth\/validate$/, "any"],
  ["POST", /^\/auth\/(token|logout)$/, "any"],
  ["POST", /^\/run(\/async|\/stream)?$/, "run"],
  ["GET", /^\/run\/stream$/, "run"],
  ["DELETE", /^\/(jobs|sessions)\//, "run"],
  ["POST", /^\/webhooks\//, "run"],
  ["GET", /^\/(jobs|sessions|webhooks|claude|usage|stats)(\/|$)/, "read"],
  ["*", /^\/secrets(\/|$)/, "secrets"],
  ["*", /^\/images(\/|$)/, "images"],
  ["*", /^\/(tokens|audit|prune)(\/|$)/, "admin"],
];

/** The one place that says who may do what; a route that is missing here is admin's. Pure. */
export const scopeOf = (method: string, path: string): Need => {
  const asked = method === "HEAD" ? "GET" : method;
  const rule = rules.find(([verb, pattern]) => (verb === "*" || verb === asked) && pattern.test(path));
  return rule?.[2] ?? "unknown";
};
