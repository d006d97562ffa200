import { call } from "./api.js";
import { element } from "./element.js";
import { beginningOf } from "./words.js";

/**
 * A conversation as it grows: words as they are, tools folded with what they were given and what came of it. Whole
 * messages are said by screen readers as they come; the words under way are shown alone.
 */
export const createConversation = (label) => {
  const log = element("div", { className: "conversation", role: "log", ariaLabel: label });
  const coming = element("p", { className: "coming", ariaHidden: "true" });
  const tools = new Map();
  let asked;

  const result = ({ tool_use_id, content, is_error }) => {
    const text = textOf(content);
    const tool = tools.get(tool_use_id);
    if (tool) tool.append(element("pre", { tabIndex: 0, ariaLabel: "Result" }, text));
    else log.append(folded(is_error ? "Failed" : "Result", text));
    if (is_error) tool?.firstChild.append(element("span", { className: "bad failed" }, " — failed"));
  };

  const use = ({ name, input, id }) => {
    const tool = folded(`${name} ${gist(input)}`, JSON.stringify(input, undefined, 2));
    tools.set(id, tool);
    log.append(tool);
  };

  const block = (role, one) => {
    const { type, text = "", thinking = text } = one;
    if (type === "text" && text.trim()) log.append(role === "user" ? mine(text) : element("p", {}, text));
    if (type === "thinking" && thinking) log.append(folded("Thinking", thinking));
    if (type === "tool_use") use(one);
    if (type === "tool_result") result(one);
  };

  return {
    parts: [log, coming],
    isEmpty: () => [...log.children].every((one) => one === asked),
    /** What it begins with, in place of what was known of that before. */
    ask(text) {
      const next = mine(text);
      if (asked?.textContent === next.textContent) return;
      if (asked) asked.replaceWith(next);
      else log.prepend(next);
      asked = next;
    },
    /** A message of the user, the agent or, as the user's, of a tool. */
    add(role, content) {
      coming.textContent = "";
      for (const one of typeof content === "string" ? [{ type: "text", text: content }] : content) block(role, one);
    },
    /** Words under way. */
    write(text) {
      coming.append(text);
    },
    clear() {
      coming.textContent = "";
    },
  };
};

const mine = (text) => element("p", { className: "mine" }, element("span", { className: "who" }, "You"), text);

/** Something that is opened by who wants to read it. */
export const folded = (summary, text) =>
  element(
    "details",
    {},
    element("summary", {}, element("span", { className: "gist" }, summary)),
    element("pre", { tabIndex: 0 }, text),
  );

const textOf = (content) => {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ type, text }) => (type === "text" ? text : `[${type}]`)).join("\n");
};

/** The first line of what a tool is given: its command, file or pattern. */
const gist = (input) => {
  const line = Object.values(input ?? {}).find((value) => typeof value === "string") ?? "";
  return line.split("\n")[0];
};

const near = 5; // the CLI's own notes may come before the prompt
const mostTries = 3;

/**
 * Has the conversation of a job begin with the prompt: as far as the job tells it, and in whole once the transcript of
 * its session has it, which is some time after the job began, or never.
 */
export const createPrompt = (conversation, signal) => {
  let tries = 0;
  let known = false;
  const learn = async (job) => {
    if (known || !job.started_at) return;
    const text = await promptOf(job, signal).catch(() => undefined); // the session may be gone
    if (known || text === undefined) return;
    known = true;
    conversation.ask(text);
  };
  return {
    learn,
    /** When the agent has said something. */
    learnSoon(job) {
      tries += 1;
      if (tries <= mostTries) void learn(job);
    },
  };
};

/** A session may have thousands of messages from before the job, so where its own begin is searched for. */
const promptOf = async ({ session_id, title, started_at }, signal) => {
  const page = (offset, limit) => call(`/sessions/${session_id}/messages?offset=${offset}&limit=${limit}`, { signal });
  const isBefore = ({ messages: [first] }) => Date.parse(first?.timestamp) < Date.parse(started_at);
  let found = await page(0, near);
  let [low, high] = isBefore(found) ? [1, found.total] : [0, 0];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isBefore(await page(middle, 1))) low = middle + 1;
    else high = middle;
  }
  if (low > 0) found = await page(low, near);
  const texts = found.messages.filter(({ type }) => type === "user").map(wordsOf);
  return texts.find((text) => beginningOf(text) === title);
};

const wordsOf = ({ content }) => content.content.map(({ type, text }) => (type === "text" ? text : "")).join("");
