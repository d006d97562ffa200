// A client of a few lines: submits a prompt, shows what the agent says while it says it, and prints the cost.
//   node client.mjs "What is a caldera?"
// The daemon needs credentials for the model: stromboli login, or ANTHROPIC_API_KEY in its environment.
const { STROMBOLI_URL: url = "http://localhost:8080", STROMBOLI_TOKEN: token } = process.env;
const headers = token ? { authorization: `Bearer ${token}` } : {};

/** Ends with one line, not with a stack. */
const fail = (line) => {
  console.error(line);
  process.exit(1);
};

const call = async (path, options = {}) => {
  const response = await fetch(`${url}${path}`, { ...options, headers }).catch(({ cause }) =>
    fail(`no daemon answers at ${url}: ${cause?.message || cause?.code}`),
  );
  if (response.ok) return response;
  const { code, error } = await response.json();
  return fail(`${code}: ${error}`);
};

/** The events of a stream; `id` is where to go on, in a Last-Event-ID header, when the connection breaks. */
async function* eventsOf({ body }) {
  let text = "";
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const events = (text + chunk).split("\n\n");
    text = events.pop();
    for (const event of events) {
      const lines = event.split("\n");
      const field = (name) =>
        lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      yield { type: field("event")[0], id: field("id")[0], data: field("data").join("\n") };
    }
  }
}

/** Shows what a line of the agent's output says to us. */
const show = ({ type, message, parent_tool_use_id }) => {
  if (type !== "assistant" || parent_tool_use_id) return; // a subagent talks to the agent
  for (const block of message.content) {
    if (block.type === "text") console.log(block.text);
    if (block.type === "tool_use") console.log(`> ${block.name}`);
  }
};

const body = JSON.stringify({ prompt: process.argv.slice(2).join(" ") });
const { job_id } = await (await call("/run/async", { method: "POST", body })).json();
for await (const { type, data } of eventsOf(await call(`/jobs/${job_id}/events`))) {
  if (type === "output") show(JSON.parse(data));
  if (type !== "done") continue;
  const { outcome, usage } = JSON.parse(data);
  console.error(`${outcome}, ${usage?.total_tokens ?? 0} tokens, $${usage?.estimated_cost_usd ?? 0}`);
  process.exitCode = outcome === "succeeded" ? 0 : 1;
}
