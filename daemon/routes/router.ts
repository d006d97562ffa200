import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { routePath } from "hono/route";
import { invalidRequest } from "../middleware/errors.ts";
import type { Variables } from "../middleware/request.ts";

/** For routes: what does not fit its schema is refused in the one error shape, with what a field may be meant to be. */
export const createRouter = (): OpenAPIHono<Variables> => {
  const router = new OpenAPIHono<Variables>({
    defaultHook(result, c) {
      if (!result.success) throw invalidRequest(result.error, schemaOf(router, { c, target: result.target }));
    },
  });
  return router;
};

type Asked = { c: Context; target: string };

/** What the body or the query of a request was held against. */
const schemaOf = ({ openAPIRegistry }: OpenAPIHono<Variables>, { c, target }: Asked): z.ZodType | undefined => {
  const { body, query } = requestOf(openAPIRegistry, c) ?? {};
  const media = body?.content["application/json"];
  const schema = target === "query" ? query : media && "schema" in media && media.schema;
  return schema instanceof z.ZodType ? schema : undefined;
};

const requestOf = ({ definitions }: Pick<OpenAPIHono["openAPIRegistry"], "definitions">, c: Context) => {
  const path = routePath(c).replaceAll(/:(\w+)/g, "{$1}");
  const routes = definitions.flatMap((known) => (known.type === "route" ? [known.route] : []));
  return routes.find((route) => route.path === path && route.method === c.req.method.toLowerCase())?.request;
};
