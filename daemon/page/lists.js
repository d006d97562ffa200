import { call } from "./api.js";
import { createConversation } from "./conversation.js";
import { element, facts, tell } from "./element.js";
import { ago, cost, duration, state, titleOf } from "./words.js";

const everyMs = 3000;
const pageSize = 30;

/** What runs, waits and has ended, kept up to date while somebody looks. */
export const showJobs = async (view, { signal }) => {
  const list = element("ul", { className: "list" });
  const none = element("p", { className: "quiet" }, "Nothing has run yet. Start with New run.");
  const more = element("button", { type: "button" }, "Show more");
  let shown = pageSize;
  const refresh = async () => {
    const { jobs, next_cursor } = await call(`/jobs?limit=${shown}`, { signal });
    keepFocus(list, () => list.replaceChildren(...jobs.map(jobItem)));
    list.hidden = jobs.length === 0;
    none.hidden = !list.hidden;
    more.hidden = next_cursor === undefined || shown === 500;
  };
  more.addEventListener("click", () => {
    shown = Math.min(shown + pageSize, 500);
    void refresh();
  });
  await refresh();
  const heading = element("h1", { tabIndex: -1 }, "Jobs");
  view.replaceChildren(heading, list, none, element("div", { className: "actions" }, more));
  heading.focus();
  await keepRefreshing(refresh, signal);
};

const keepRefreshing = async (refresh, signal) => {
  while (!signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    if (signal.aborted || document.hidden) continue;
    await refresh().then(
      () => tell(""),
      (error) => {
        if (signal.aborted || error.status === 401) throw error;
        tell("The daemon does not answer; trying again …");
      },
    );
  }
};

/** Items are made anew; who was at one stays there. */
const keepFocus = (list, change) => {
  const href = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : undefined;
  change();
  if (href) list.querySelector(`[href="${CSS.escape(href)}"]`)?.focus();
};

const jobItem = (job) => {
  const { words, look } = state(job);
  const { agent = 0 } = job.timings_ms ?? {};
  const known = [ago(job.created_at), agent > 0 && duration(agent), cost(job.usage?.estimated_cost_usd ?? 0)];
  return item(`#/jobs/${job.id}`, {
    title: titleOf(job),
    aside: element("span", { className: `state ${look}` }, words),
    known,
  });
};

const item = (href, { title, aside, known }) =>
  element(
    "li",
    {},
    element(
      "a",
      { href },
      element("span", { className: "title" }, title),
      aside,
      element("span", { className: "quiet" }, known.filter(Boolean).join(" · ")),
    ),
  );

/** Conversations that can be read and gone on with. */
export const showSessions = async (view, { signal }) => {
  const { details } = await call("/sessions", { signal });
  const heading = element("h1", { tabIndex: -1 }, "Sessions");
  const items = details.map(({ id, title, runs, total_cost_usd, last_used_at }) =>
    item(`#/sessions/${id}`, {
      title: titleOf({ title }),
      aside: element("span", { className: "quiet" }, cost(total_cost_usd)),
      known: [`used ${ago(last_used_at)}`, runs === 1 ? "1 run" : `${runs} runs`],
    }),
  );
  const none = element("p", { className: "quiet" }, "There are none yet.");
  view.replaceChildren(heading, items.length > 0 ? element("ul", { className: "list" }, ...items) : none);
  heading.focus();
};

/** What was said in a session. */
export const showSession = async (view, { id, signal }) => {
  const { details } = await call(`/sessions?id=${id}`, { signal });
  const session = details.find((one) => one.id === id);
  const conversation = createConversation("Conversation");
  const more = element("button", { type: "button" }, "Show more");
  let offset = 0;
  const read = async () => {
    more.disabled = true;
    const page = await call(`/sessions/${id}/messages?offset=${offset}&limit=50`, { signal });
    for (const { type, content } of page.messages) conversation.add(type, content.content);
    offset += page.messages.length;
    more.hidden = !page.has_more;
    more.disabled = false;
  };
  more.addEventListener("click", () => void read());
  await read();
  const heading = element("h1", { tabIndex: -1 }, session ? titleOf(session) : "Session");
  view.replaceChildren(
    element("p", {}, element("a", { href: "#/sessions" }, "← Sessions")),
    heading,
    facts({ Runs: String(session?.runs ?? ""), Cost: cost(session?.total_cost_usd ?? 0), Session: id }),
    element("div", { className: "actions" }, element("a", { className: "primary", href: `#/new/${id}` }, "Continue")),
    ...(offset > 0 ? conversation.parts : [element("p", { className: "quiet" }, "Nothing was said here.")]),
    more,
  );
  heading.focus();
};
