import { call, follow } from "./api.js";
import { createConversation, createPrompt, folded } from "./conversation.js";
import { element, facts, tell } from "./element.js";
import { ago, cost, duration, isOver, phasesOf, state, titleOf } from "./words.js";

/** A job: how it stands, what goes on in it, and what it came to. */
export const showJob = async (view, { id, signal }) => {
  const job = await call(`/jobs/${id}`, { signal });
  const head = element("div");
  const figures = createFigures(signal);
  const conversation = createConversation("Conversation");
  const extras = { hook: folded("Hooks", ""), stderr: folded("Errors of the CLI", "") };
  for (const extra of Object.values(extras)) extra.hidden = true;
  const heading = element("h1", { tabIndex: -1 }, titleOf(job));
  view.replaceChildren(
    element("p", {}, element("a", { href: "#/" }, "← Jobs")),
    heading,
    head,
    element("h2", {}, "Conversation"),
    ...Object.values(extras),
    ...conversation.parts,
  );
  heading.focus();
  const update = (next) => {
    keepFocus(head, () => head.replaceChildren(...headOf(next, figures.part)));
    figures.update(next);
    if (isOver(next)) tell(`The job has ended: ${next.outcome.replaceAll("_", " ")}`);
  };
  conversation.ask(titleOf(job));
  update(job);
  void figures.count();
  await watch({ job, signal, conversation, extras, update });
};

/** Who was at the button stays there, though it is another one. */
const keepFocus = (head, change) => {
  const isHere = head.contains(document.activeElement);
  change();
  if (isHere) head.querySelector(".actions > *").focus();
};

const onConnection = (up) => tell(up ? "" : "The connection is lost; trying again …");

const watch = async ({ job, signal, conversation, extras, update }) => {
  const path = `/jobs/${job.id}`;
  const live = !isOver(job);
  const prompt = createPrompt(conversation, signal);
  void prompt.learn(job);
  let latest = job;
  const onAnswer = ({ content }) => {
    prompt.learnSoon(latest);
    for (const { type, name } of content) if (type === "tool_use") tell(`Using ${name}`);
  };
  for await (const { type, data } of follow(job.id, { signal, onConnection })) {
    if (type === "output") staying(live, () => showLine(data, { conversation, live, onAnswer }));
    if (type in extras) {
      extras[type].hidden = false;
      extras[type].lastChild.append(`${data}\n`);
    }
    if (type === "status" && live) {
      tell(`The job is ${JSON.parse(data).status}`);
      latest = await call(path, { signal });
      update(latest);
    }
  }
  conversation.clear();
  const ended = await call(path, { signal });
  update(ended);
  await prompt.learn(ended);
  if (conversation.isEmpty() && ended.output) conversation.add("assistant", ended.output);
};

/** Who looks at the end of what grows goes on looking at it. */
const staying = (live, change) => {
  const { scrollHeight } = document.documentElement;
  const isAtEnd = live && scrollHeight > innerHeight && innerHeight + scrollY > scrollHeight - nearPx;
  change();
  if (isAtEnd) scrollTo(0, document.documentElement.scrollHeight);
};

const nearPx = 80;

/** An agent can write what it likes there, so a line may be anything; one that makes no sense is passed over. */
const showLine = (line, shown) => {
  try {
    output(JSON.parse(line), shown);
  } catch (error) {
    console.debug(error);
  }
};

/** What a line of the CLI says. */
const output = ({ type, message, event, parent_tool_use_id, isReplay }, { conversation, live, onAnswer }) => {
  if (parent_tool_use_id || isReplay) return; // a subagent talks to the agent; the prompt is there
  if (type === "stream_event") delta(event, conversation);
  if (type === "assistant" || type === "user") conversation.add(type, message.content);
  if (type === "stromboli_long_line")
    conversation.add("user", [{ type: "tool_result", content: "(too long to show)" }]);
  if (type === "assistant" && live) onAnswer(message);
};

const delta = (event, conversation) => {
  if (event.type === "message_start") conversation.clear();
  if (event.delta?.type === "text_delta") conversation.write(event.delta.text);
};

const headOf = (job, figures) => {
  const { words, look } = state(job);
  return [
    element("p", {}, element("strong", { className: `state ${look}` }, words)),
    ...(job.error ? [element("p", { role: "alert" }, job.error)] : []),
    figures,
    factsOf(job),
    element("div", { className: "actions" }, isOver(job) ? goOn(job) : cancel(job)),
  ];
};

const factsOf = ({ started_at, usage, num_turns, image, session_id, id, labels }) =>
  facts({
    Started: started_at && ago(started_at),
    ...(usage && {
      Model: usage.model,
      Tokens: usage.total_tokens.toLocaleString("en"),
      Cost: cost(usage.estimated_cost_usd),
    }),
    Turns: num_turns > 0 && String(num_turns),
    Image: image.reference,
    Session: element("a", { href: `#/sessions/${session_id}` }, session_id.slice(0, 8)),
    Job: id,
    ...labels,
  });

const everySeconds = 3;

/** How long the phases of a job took, and while it is at work also its tokens; the clock is the daemon's. */
const createFigures = (signal) => {
  const part = element("div");
  let job;
  let stats = { jobs: [] };
  let aheadMs = 0;
  const show = () => {
    const { model, total_tokens } = stats.jobs.find(({ id }) => id === job.id && !isOver(job)) ?? {};
    const tokens = model ? [facts({ Model: model, Tokens: total_tokens.toLocaleString("en") })] : [];
    part.replaceChildren(phases(phasesOf(job, Date.now() + aheadMs)), ...tokens);
  };
  const ask = async () => {
    stats = await call("/stats", { signal });
    aheadMs = Date.parse(stats.at) - Date.now();
  };
  return {
    part,
    update(next) {
      job = next;
      show();
    },
    /** Until the job is over, or nobody looks any more. */
    async count() {
      for (let second = 0; !signal.aborted && !isOver(job); second += 1) {
        if (!document.hidden && second % everySeconds === 0) await ask().catch(() => {}); // the next time will do
        show();
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    },
  };
};

/** What took how long. */
const phases = (pairs) =>
  element(
    "ol",
    { className: "phases", ariaLabel: "Phases" },
    ...pairs.map(([name, ms]) => element("li", {}, element("span", { className: "quiet" }, `${name} `), duration(ms))),
  );

const goOn = ({ session_id }) => element("a", { className: "primary", href: `#/new/${session_id}` }, "Continue");

const cancel = ({ id }) => {
  const button = element("button", { type: "button", className: "danger" }, "Cancel");
  button.addEventListener("click", async () => {
    button.disabled = true;
    tell("Cancelling …");
    await call(`/jobs/${id}`, { method: "DELETE" }).catch(({ message }) => {
      tell(message);
      button.disabled = false;
    });
  });
  return button;
};
