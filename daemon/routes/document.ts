import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Document } from "../docs/document.ts";
import { version } from "../../lib/version.ts";
import type { Variables } from "../middleware/request.ts";
import { failures, json } from "./responses.ts";

const document = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getDocument",
  tags: ["daemon"],
  summary: "This document",
  responses: {
    200: json(z.looseObject({ openapi: z.string() }), "OpenAPI 3.1, made of the schemas that validate", {
      openapi: "3.1.0",
    }),
    ...failures,
  },
});

const head = {
  openapi: "3.1.0",
  info: {
    title: "Stromboli",
    version,
    description: "Claude Code as a service on your own machine: every agent in a container of its own.",
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/" }],
  tags: [
    { name: "runs", description: "Have an agent work." },
    { name: "jobs", description: "What became of runs, what they do now, and what they used." },
    { name: "sessions", description: "Conversations that runs go on with." },
    { name: "secrets", description: "What runs may use and nobody is shown." },
    { name: "images", description: "What containers are made of." },
    { name: "webhooks", description: "What was sent to others when jobs ended." },
    { name: "access", description: "Tokens, and who did what with them." },
    { name: "daemon", description: "How it is, what it keeps, and its pages." },
  ],
  security: [{ token: [] }, {}], // or none, where none is needed
};

const page = createRoute({
  method: "get",
  path: "/docs",
  operationId: "getDocs",
  tags: ["daemon"],
  summary: "The same for people: one page that loads nothing",
  responses: {
    200: { description: "A page", content: { "text/html": { schema: z.string() } } },
    ...failures,
  },
});

/** Tells programs and people of all routes that there are; `app` has them once it is asked. */
export const documentRoutes = (app: Pick<OpenAPIHono<Variables>, "getOpenAPI31Document">) => {
  // Each is made once: that takes a while, and everybody may ask for it.
  let made: Document | undefined;
  let shown: Promise<Page> | undefined;
  const describe = () => (made ??= readable(app.getOpenAPI31Document(head)));
  return new OpenAPIHono<Variables>()
    .openapi(page, async (c) => {
      shown ??= show(describe());
      const { text, headers } = await shown;
      return c.html(text, 200, headers);
    })
    .openapi(document, (c) => c.json({ ...describe() }, 200));
};

type Page = { text: string; headers: Record<string, string> };

/** Nothing is run on it and nothing loaded, as the browser is told: it may only be styled, and as here. */
const show = async (described: Document): Promise<Page> => {
  const { renderPage } = await import("../docs/page.ts"); // few ask for it
  const style = readFileSync(new URL("../docs/style.css", import.meta.url), "utf8");
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  const headers = {
    "Content-Security-Policy": policy,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
  };
  return { text: await renderPage(described, style), headers };
};

/** The library leaves the end of `/…$/u` at a pattern with that flag, which in JSON Schema all patterns have. */
const readable = (written: object): Document =>
  JSON.parse(JSON.stringify(written), (name, value: unknown) =>
    name === "pattern" && typeof value === "string" ? value.replace(/\$\/u$/, "$") : value,
  ) as Document; // ours has no more than that
