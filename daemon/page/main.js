import { forgetToken, hasToken, keepToken } from "./api.js";
import { element, tell } from "./element.js";
import { showJob } from "./job.js";
import { showJobs, showSession, showSessions } from "./lists.js";
import { showNewRun } from "./new-run.js";

const view = document.querySelector("#content");
const dialog = document.querySelector("#token");
const leave = document.querySelector("#leave");
const [value, wrong] = [document.querySelector("#token-value"), document.querySelector("#token-wrong")];

const routes = [
  [/^#\/jobs\/([\w-]+)$/, showJob],
  [/^#\/sessions$/, showSessions],
  [/^#\/sessions\/([\w-]+)$/, showSession],
  [/^#\/new(?:\/([\w-]+))?$/, showNewRun],
  [/^/, showJobs],
];

let left = new AbortController();

/** Shows what the address names; what was shown before ends. */
const show = async () => {
  left.abort();
  left = new AbortController();
  const { signal } = left;
  const hash = location.hash || "#/";
  markCurrent(hash);
  tell("");
  const [pattern, open] = routes.find(([route]) => route.test(hash));
  try {
    await open(view, { id: pattern.exec(hash)[1], signal });
  } catch (error) {
    if (!signal.aborted) explain(error);
  }
};

const markCurrent = (hash) => {
  for (const link of document.querySelectorAll("nav a")) {
    const target = link.getAttribute("href");
    const isHere = target === "#/" ? hash === "#/" || hash.startsWith("#/jobs") : hash.startsWith(target);
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
};

const explain = (error) => {
  if (error.status === 401) return askForToken();
  const again = element("button", { type: "button" }, "Try again");
  again.addEventListener("click", () => void show());
  const text = error.status ? error.message : "The daemon does not answer.";
  view.replaceChildren(element("h1", {}, "That did not work"), element("p", { role: "alert" }, text), again);
};

const askForToken = () => {
  wrong.textContent = hasToken() ? "That token is not good here, or no longer." : "";
  forgetToken();
  leave.hidden = true;
  value.value = "";
  if (!dialog.open) dialog.showModal();
};

dialog.addEventListener("close", () => {
  if (value.value) keepToken(value.value.trim());
  value.value = "";
  leave.hidden = !hasToken();
  void show();
});
leave.addEventListener("click", () => {
  forgetToken();
  leave.hidden = true;
  void show();
});
leave.hidden = !hasToken();
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address names what is shown
  view.focus();
});
addEventListener("hashchange", () => void show());
void show();
