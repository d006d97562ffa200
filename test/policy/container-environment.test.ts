import assert from "node:assert/strict";
import { test } from "node:test";
import type { z } from "zod";
import { planEnvironment, type Placement } from "../../lib/policy/container.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { configOf, requestOf } from "../harness.ts";
import { placement } from "./placement.ts";

/** The variables as Podman reads them: a line each, the last of a name counts. */
const variablesOf = (values: Partial<z.input<typeof RunRequest>> = {}, more: Partial<Placement> = {}) => {
  const text = planEnvironment(requestOf(values), {
    config: configOf(),
    placement: { ...placement, ...more },
    env: values.podman?.env ?? {},
  });
  const lines = text.trimEnd().split("\n");
  return Object.fromEntries(lines.map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]));
};

test("the CLI finds the model behind the broker's socket", () => {
  const { ANTHROPIC_UNIX_SOCKET, ANTHROPIC_BASE_URL } = variablesOf();
  assert.deepEqual([ANTHROPIC_UNIX_SOCKET, ANTHROPIC_BASE_URL], ["/opt/stromboli/api.sock", "http://127.0.0.1"]);
});

test("commands that an agent installs for itself come before the image's own", () => {
  assert.equal(variablesOf()["PATH"], "/home/agent/.local/bin:/usr/bin:/bin");
});

test("over tcp the CLI finds the model at the broker's port", () => {
  const { ANTHROPIC_UNIX_SOCKET, ANTHROPIC_BASE_URL } = variablesOf({}, { tcpPort: 4711 });
  assert.deepEqual([ANTHROPIC_UNIX_SOCKET, ANTHROPIC_BASE_URL], [undefined, "http://host.containers.internal:4711"]);
});

test("the handle stands where the CLI looks for an API key", () => {
  const { ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN } = variablesOf();
  assert.deepEqual([ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN], ["stromboli-handle", undefined]);
});

test("the handle stands where the CLI looks for an OAuth token when that is what the daemon has", () => {
  const { ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN } = variablesOf({}, { credential: "oauth" });
  assert.deepEqual([ANTHROPIC_API_KEY, CLAUDE_CODE_OAUTH_TOKEN], [undefined, "stromboli-handle"]);
});

test("the request's own variables are there, values with = and spaces kept", () => {
  assert.equal(variablesOf({ podman: { env: { OPTS: " a=b  c " } } })["OPTS"], " a=b  c ");
});

test("a request replaces none of ours", () => {
  const env = { LANG: "xx", CLAUDE_CODE_MAX_RETRIES: "9", ANTHROPIC_BASE_URL: "http://evil" };
  const { LANG, CLAUDE_CODE_MAX_RETRIES, ANTHROPIC_BASE_URL } = variablesOf({ podman: { env } });
  assert.deepEqual(
    [LANG, CLAUDE_CODE_MAX_RETRIES, ANTHROPIC_BASE_URL],
    ["C.UTF-8", String(configOf().claude.max_retries), "http://127.0.0.1"],
  );
});

for (const [ttl, name] of [
  ["5m", "FORCE_PROMPT_CACHING_5M"],
  ["1h", "ENABLE_PROMPT_CACHING_1H"],
] as const) {
  test(`prompt_caching_ttl ${ttl} is ${name}`, () => {
    const found = variablesOf({ claude: { prompt_caching_ttl: ttl } });
    assert.deepEqual(
      Object.keys(found).filter((key) => key.includes("PROMPT_CACHING")),
      [name],
    );
  });
}

test("the service tier is a variable of the CLI", () => {
  assert.equal(variablesOf({ claude: { bedrock_service_tier: "flex" } })["ANTHROPIC_BEDROCK_SERVICE_TIER"], "flex");
});

test("no option of a request can add a line to the environment", () => {
  const request = { ...requestOf(), claude: { bedrock_service_tier: "x\nLD_PRELOAD=/evil.so\nHOST_SECRET" } };
  assert.throws(() => planEnvironment(request, { config: configOf(), placement, env: {} }), {
    code: "invalid_request",
  });
});

const trace = { traceId: "a".repeat(32), parentSpanId: "b".repeat(16), spanId: "c".repeat(16), flags: 1, state: "x=1" };

test("the agent is told where its job stands in a trace", () => {
  const { TRACEPARENT, TRACESTATE } = variablesOf({}, { trace });
  assert.deepEqual([TRACEPARENT, TRACESTATE], [`00-${trace.traceId}-${trace.spanId}-01`, "x=1"]);
});

test("an agent whose job stands in none is told of none", () => {
  const { TRACEPARENT, TRACESTATE } = variablesOf();
  assert.deepEqual([TRACEPARENT, TRACESTATE], [undefined, undefined]);
});

test("a request may tell the agent of another place in a trace, as a whole", () => {
  const { TRACEPARENT, TRACESTATE } = variablesOf({ podman: { env: { TRACEPARENT: "its own" } } }, { trace });
  assert.deepEqual([TRACEPARENT, TRACESTATE], ["its own", undefined]);
});

test("a secret may be that place too", () => {
  assert.equal(variablesOf({ podman: { secrets_env: { TRACEPARENT: "s" } } }, { trace })["TRACEPARENT"], undefined);
});
