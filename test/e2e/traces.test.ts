import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { startReceiver } from "./receiver.ts";
import { startSpanReceiver, treeOf, valueOf, type ReceivedSpan } from "./spans.ts";
import { makeStandIn, scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

const receiver = await startSpanReceiver({ after });
const config = {
  claude: { binary: makeStandIn({ after }) },
  traces: { endpoint: receiver.url },
  webhooks: { allow_private: true },
};
const env = { OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=me" };
const stromboli = await startStromboli({ after }, { config, env });

const callerSpan = "00f067aa0ba902b7";
/** What the caller of a test tells of a trace of its own. */
const headersOf = (traceId: string) => ({ traceparent: `00-${traceId}-${callerSpan}-01`, tracestate: "vendor=1" });
const traceOf = (digit: string) => digit.repeat(32);

/** The spans of a trace, once those of its job and of its request have come. */
const wholeTrace = (traceId: string): Promise<ReceivedSpan[]> =>
  until(`the trace ${traceId}`, () => {
    const spans = receiver.spansOf(traceId);
    return spans.some(({ name }) => name === "job") && spans.some(({ kind }) => kind === 2) && spans;
  });

const submit = async (traceId: string, request: ReturnType<typeof scripted>, headers = headersOf(traceId)) => {
  const { body } = await stromboli.submit(request, headers);
  return { id: body.job_id ?? "", workspace: stromboli.workspace(body.session_id ?? "") };
};

const askModel = `curl -s --unix-socket "$ANTHROPIC_UNIX_SOCKET" -H "x-api-key: $ANTHROPIC_API_KEY" -H "content-type: application/json" -d '{"model":"claude-x","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"say: hi"}]}' http://localhost/v1/messages >/dev/null`;

test("a run is one trace below its caller's: the request, the job, its phases, its requests to the model", async () => {
  const traceId = traceOf("a");
  const hooks = await startReceiver({ after });
  const body = scripted(`${askModel}\necho "$TRACEPARENT $TRACESTATE"`, {
    webhook_url: hooks.url,
    podman: { lifecycle: { post_start: ["sleep 0.1"] } },
  });
  const { id } = await submit(traceId, body);
  const { output } = await stromboli.ended(id);
  const spans = await wholeTrace(traceId);
  const job = spans.find(({ name }) => name === "job");
  const request = spans.find(({ kind }) => kind === 3);
  assert.ok(job && request);
  assert.deepEqual(treeOf(spans, callerSpan), [
    ["POST /run/async", [["job", [["agent", [request.name]], "create", "hooks", "queue"]]]],
  ]);
  assert.equal(output, `00-${traceId}-${job.spanId}-01 vendor=1`);
  const [delivery] = await hooks.about(id);
  assert.equal(delivery?.headers["traceparent"], `00-${traceId}-${job.spanId}-01`);
  const told = ["stromboli.job.id", "stromboli.job.outcome", "process.exit.code"].map((key) => valueOf(job, key));
  assert.deepEqual(told, [id, "succeeded", 0]);
  assert.equal(receiver.headers.at(-1)?.["x-tenant"], "me");
});

test("a job whose daemon was killed in the middle of it is one whole trace, of which nothing is sent twice", async () => {
  const traceId = traceOf("b");
  const { id, workspace } = await submit(traceId, scripted("hold"));
  await until("the agent to begin", () => existsSync(join(workspace, "begun")));
  await until("the request's span", () => receiver.spansOf(traceId).length > 0);
  await stromboli.end("SIGKILL");
  await stromboli.start();
  writeFileSync(join(workspace, "go"), "");
  await stromboli.ended(id);
  await wholeTrace(traceId);
  await stromboli.end("SIGTERM"); // sends what is left
  await stromboli.start();
  const spans = receiver.spansOf(traceId);
  assert.deepEqual(treeOf(spans, callerSpan), [["POST /run/async", [["job", ["agent", "create", "queue"]]]]]);
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
});

test("what a caller does not want to be sent is not, and goes on to the agent as it is", async () => {
  const traceId = traceOf("c");
  const headers = { ...headersOf(traceId), traceparent: `00-${traceId}-${callerSpan}-00` };
  const unwanted = await submit(traceId, scripted('echo "$TRACEPARENT"'), headers);
  const { output } = await stromboli.ended(unwanted.id);
  assert.match(output, new RegExp(`^00-${traceId}-(?!${callerSpan})[0-9a-f]{16}-00$`));
  const wanted = await submit(traceOf("d"), scripted("true"));
  await stromboli.ended(wanted.id);
  await wholeTrace(traceOf("d"));
  assert.deepEqual(receiver.spansOf(traceId), []);
});

const jobsOf = (trace: string) => receiver.spansOf(trace).filter(({ name }) => name === "job");

test("a receiver that is down is told of once, and runs succeed; what was not sent is, once it is back", async () => {
  stromboli.configure({ ...config, traces: { endpoint: "http://127.0.0.1:9" } });
  await stromboli.end("SIGTERM");
  const before = stromboli.log().length;
  const warnings = () => stromboli.log().slice(before).split("traces cannot be sent").length - 1;
  await stromboli.start();
  const jobs = [await submit(traceOf("e"), scripted("true")), await submit(traceOf("f"), scripted("true"))];
  for (const { id } of jobs) assert.equal((await stromboli.ended(id)).outcome, "succeeded");
  await until("the warning", () => warnings() > 0);
  stromboli.configure(config);
  await stromboli.end("SIGTERM");
  assert.equal(warnings(), 1);
  await stromboli.start();
  await until("both jobs", () => jobsOf(traceOf("e")).length === 1 && jobsOf(traceOf("f")).length === 1);
});
