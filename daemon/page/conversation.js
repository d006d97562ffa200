import { element } from "./element.js";

/**
 * A conversation as it grows: words as they are, tools folded with what they were given and what came of it. Whole
 * messages are said by screen readers as they come; the words under way are shown alone.
 */
export const createConversation = (label) => {
  const log = element("div", { className: "conversation", role: "log", ariaLabel: label });
  const coming = element("p", { className: "coming", ariaHidden: "true" });
  const tools = new Map();

  const result = ({ tool_use_id, content, is_error }) => {
    const text = textOf(content);
    const tool = tools.get(tool_use_id);
    if (tool) tool.append(element("pre", { tabIndex: 0, ariaLabel: "Result" }, text));
    else log.append(folded(is_error ? "Failed" : "Result", text));
    if (is_error) tool?.firstChild.append(" — failed");
  };

  const use = ({ name, input, id }) => {
    const tool = folded(`${name} ${gist(input)}`, JSON.stringify(input, undefined, 2));
    tools.set(id, tool);
    log.append(tool);
  };

  const block = (role, one) => {
    const { type, text = "", thinking = text } = one;
    if (type === "text" && text.trim()) log.append(element("p", { className: role === "user" ? "mine" : "" }, text));
    if (type === "thinking" && thinking) log.append(folded("Thinking", thinking));
    if (type === "tool_use") use(one);
    if (type === "tool_result") result(one);
  };

  return {
    parts: [log, coming],
    isEmpty: () => log.childElementCount === 0,
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

/** Something that is opened by who wants to read it. */
export const folded = (summary, text) =>
  element("details", {}, element("summary", {}, summary), element("pre", { tabIndex: 0 }, text));

const textOf = (content) => {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ type, text }) => (type === "text" ? text : `[${type}]`)).join("\n");
};

/** The first line of what a tool is given: its command, file or pattern. */
const gist = (input) => {
  const line = Object.values(input ?? {}).find((value) => typeof value === "string") ?? "";
  return line.split("\n")[0];
};
