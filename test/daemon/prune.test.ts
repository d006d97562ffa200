import assert from "node:assert/strict";
import { OpenAPIHono } from "@hono/zod-openapi";
import { test } from "node:test";
import { answerError } from "../../daemon/middleware/errors.ts";
import { assumeJson, identify, type Variables } from "../../daemon/middleware/request.ts";
import { pruneRoutes } from "../../daemon/routes/prune.ts";
import { StromboliError } from "../../lib/errors.ts";
import type { Pruned, PruneRequest } from "../../lib/schema/prune.ts";
import { memoryLog } from "../harness.ts";

const pruned: Pruned = { jobs: ["run-0123456789abcdef"], sessions: [], bytes: 12, dry_run: false };

/** The routes behind what stands before them; what is asked of the retention is kept. */
const openRoutes = (answer: () => Promise<Pruned> = () => Promise.resolve(pruned)) => {
  const asked: PruneRequest[] = [];
  const { log } = memoryLog();
  const prune = (request: PruneRequest) => {
    asked.push(request);
    return answer();
  };
  const app = new OpenAPIHono<Variables>();
  app.onError(answerError(log));
  app.use(identify(log), assumeJson).route("/", pruneRoutes({ retention: { prune } }));
  const post = async (body?: string) => {
    const answered = await app.request("/prune", { method: "POST", ...(body !== undefined && { body }) });
    return { status: answered.status, body: (await answered.json()) as Record<string, unknown> }; // the API answers with objects
  };
  return { app, asked, post };
};

test("a prune is answered with what it removed", async () => {
  const { post, asked } = openRoutes();
  const request = { jobs_older_than: "7d", sessions_older_than: "1h30m", dry_run: true };
  assert.deepEqual([await post(JSON.stringify(request)), asked], [{ status: 200, body: pruned }, [request]]);
});

for (const [title, body] of [
  ["no body", undefined],
  ["an empty body", ""],
  ["an empty object", "{}"],
] as const) {
  test(`${title} prunes by the configuration`, async () => {
    const { post, asked } = openRoutes();
    assert.deepEqual([(await post(body)).status, asked], [200, [{}]]);
  });
}

for (const [title, body, path] of [
  ["an unknown field", '{"jobs_older":"7d"}', "jobs_older"],
  ["a number for an age", '{"jobs_older_than":7}', "jobs_older_than"],
  ["an age without a unit", '{"sessions_older_than":"7"}', "sessions_older_than"],
  ["an age of nothing", '{"jobs_older_than":""}', "jobs_older_than"],
  ["a word for a yes", '{"dry_run":"yes"}', "dry_run"],
  ["a list", "[]", ""],
] as const) {
  test(`a body with ${title} is 400 and removes nothing`, async () => {
    const { post, asked } = openRoutes();
    const { status, body: failure } = await post(body);
    assert.deepEqual([status, failure["code"], asked], [400, "invalid_request", []]);
    assert.partialDeepStrictEqual(failure["details"], [{ path }]);
  });
}

for (const body of [" ", "{oops", "\0"]) {
  test(`a body that is no JSON is 400 and removes nothing: ${JSON.stringify(body)}`, async () => {
    const { post, asked } = openRoutes();
    const { status, body: failure } = await post(body);
    assert.deepEqual([status, failure["code"], asked], [400, "invalid_request", []]);
  });
}

test("a prune that the daemon's end cuts short is 503", async () => {
  const { post } = openRoutes(() => Promise.reject(new StromboliError("shutting_down", "the daemon is stopping")));
  assert.deepEqual((await post("{}")).status, 503);
});

test("its body is optional in the description of the API", () => {
  const { paths } = openRoutes().app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "t", version: "1" } });
  assert.equal(JSON.stringify(paths?.["/prune"]?.post?.requestBody).includes('"required":true'), false);
});
