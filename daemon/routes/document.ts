import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { version } from "../../lib/version.ts";
import type { Variables } from "../middleware/request.ts";
import { failures, json } from "./responses.ts";

const document = createRoute({
  method: "get",
  path: "/openapi.json",
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
  security: [{ token: [] }, {}], // or none, where none is needed
};

/** Tells programs and people of all routes that there are; `app` has them once it is asked. */
export const documentRoutes = (app: Pick<OpenAPIHono<Variables>, "getOpenAPI31Document">) => {
  let made: { openapi: string } | undefined; // once: it takes a while, and everybody may ask for it
  return new OpenAPIHono<Variables>().openapi(document, (c) => {
    made ??= readable(app.getOpenAPI31Document(head));
    return c.json(made, 200);
  });
};

/** The library leaves the end of `/…$/u` at a pattern with that flag, which in JSON Schema all patterns have. */
const readable = <Document>(written: Document): Document =>
  JSON.parse(JSON.stringify(written), (name, value: unknown) =>
    name === "pattern" && typeof value === "string" ? value.replace(/\$\/u$/, "$") : value,
  ) as Document; // the same but for some text
