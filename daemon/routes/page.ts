import { readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { createRoute, z } from "@hono/zod-openapi";
import { StromboliError } from "../../lib/errors.ts";
import { failures, missing } from "./responses.ts";
import { createRouter } from "./router.ts";

const folder = join(import.meta.dirname, "../page");
const files = new Set([
  "api.js", "conversation.js", "element.js", "icon.svg", "job.js", "lists.js", "main.js", "new-run.js", "style.css", "words.js",
]); // prettier-ignore
const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The page runs its own files and nothing else, whatever an agent gets into it, and talks to this daemon alone. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

const page = createRoute({
  method: "get",
  path: "/",
  operationId: "getPage",
  tags: ["daemon"],
  summary: "A page for people: jobs, sessions, and a form to start a run",
  description: "It holds nothing of anybody's, and asks for a token where one is needed.",
  responses: { 200: { description: "The page", content: { "text/html": { schema: z.string() } } }, ...failures },
});

const text = { schema: z.string() };
const content = { "text/javascript": text, "text/css": text, "image/svg+xml": text };

const part = createRoute({
  method: "get",
  path: "/page/{file}",
  operationId: "getPageFile",
  tags: ["daemon"],
  summary: "A part of the page",
  request: { params: z.object({ file: z.string().describe("Its name.") }) },
  responses: { 200: { description: "The file", content }, ...failures, ...missing },
});

export const pageRoutes = () =>
  createRouter()
    .openapi(page, () => send("index.html"))
    .openapi(part, (c) => {
      const { file } = c.req.valid("param");
      if (!files.has(file)) throw new StromboliError("not_found", `there is no part ${file} of the page`);
      return send(file);
    });

const send = async (name: string): Promise<Response> =>
  new Response(await readFile(join(folder, name)), {
    headers: {
      "Content-Type": types[extname(name)] ?? "",
      "Content-Security-Policy": policy,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cache-Control": "no-cache", // the next version has the same names
    },
  });
