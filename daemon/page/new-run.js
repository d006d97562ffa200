import { call } from "./api.js";
import { element, tell } from "./element.js";

/** The form that starts a run, or goes on with a session. */
export const showNewRun = async (view, { id: session, signal }) => {
  const keyOf = createKeys();
  const alert = element("p", { role: "alert" });
  const start = element("button", { type: "submit", className: "primary" }, "Start");
  const form = element("form", {}, ...fields(), alert, element("div", { className: "actions" }, start));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    alert.textContent = "";
    start.disabled = true;
    const body = JSON.stringify(request(form, session));
    call("/run/async", { method: "POST", headers: { "idempotency-key": keyOf(body) }, body }).then(
      ({ job_id }) => (location.hash = `#/jobs/${job_id}`),
      ({ message }) => {
        alert.textContent = message.replace("try it free with --demo", "tick Demo above, which is free");
        start.disabled = false;
      },
    );
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  const heading = element("h1", { tabIndex: -1 }, session ? "Continue the conversation" : "New run");
  view.replaceChildren(heading, form);
  form.elements.prompt.focus();
  tell("");
  await offerImages(form, signal);
};

/** However often the same is sent, it is one run. */
const createKeys = () => {
  let [latest, key] = ["", ""];
  return (body) => {
    if (body !== latest)
      key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16)).join("-");
    latest = body;
    return key;
  };
};

const fields = () => [
  field("prompt", "What should the agent do?", {
    control: element("textarea", { rows: 6, required: true }),
    hint: "Ctrl+Enter starts it.",
  }),
  field("volumes", "Folders to mount", {
    control: element("textarea", { rows: 2 }),
    hint: "One a line, such as /home/me/project:/workspace",
  }),
  check("skip", "Let every tool run without asking: the container is the wall"),
  check("demo", "Demo: a scripted model answers, free and without an account"),
  element(
    "details",
    {},
    element("summary", {}, "More"),
    element(
      "div",
      { className: "fields" },
      field("model", "Model"),
      field("image", "Image"),
      field("memory", "Memory", { control: element("input", { placeholder: "512m" }) }),
      field("timeout", "Time limit", { control: element("input", { placeholder: "30m" }) }),
      field("network", "Network", {
        control: choice({ "": "as configured", full: "full", none: "none but the model" }),
      }),
    ),
  ),
];

const field = (name, label, { control = element("input"), hint } = {}) => {
  Object.assign(control, { id: name, name });
  if (hint) control.setAttribute("aria-describedby", `${name}-hint`);
  return element(
    "div",
    { className: "field" },
    element("label", { htmlFor: name }, label),
    control,
    hint ? element("p", { className: "quiet", id: `${name}-hint` }, hint) : null,
  );
};

const check = (name, label) =>
  element(
    "div",
    { className: "field check" },
    element("label", {}, element("input", { type: "checkbox", name }), element("span", {}, label)),
  );

const choice = (options) =>
  element("select", {}, ...Object.entries(options).map(([value, text]) => element("option", { value }, text)));

const text = (control) => control.value.trim() || undefined;

/** The request that the form means: what is left empty is left out. */
const request = (form, session) => {
  const { prompt, volumes, skip, demo, ...more } = form.elements;
  const lines = volumes.value.split("\n").flatMap((line) => line.trim() || []);
  return {
    prompt: prompt.value,
    ...(demo.checked && { demo: true }),
    claude: {
      include_partial_messages: true,
      model: text(more.model),
      ...(skip.checked && { dangerously_skip_permissions: true }),
      ...(session && { session_id: session, resume: true }),
    },
    podman: {
      ...(lines.length > 0 && { volumes: lines }),
      image: text(more.image),
      memory: text(more.memory),
      timeout: text(more.timeout),
      network: text(more.network),
    },
  };
};

/** Names of images to choose from, where the token is good for that. */
const offerImages = async (form, signal) => {
  const { images } = await call("/images", { signal }).catch(() => ({ images: [] }));
  const names = images.flatMap(({ compatible, repository, tag }) => (compatible ? [`${repository}:${tag}`] : []));
  form.append(element("datalist", { id: "images" }, ...names.map((value) => element("option", { value }))));
  form.elements.image.setAttribute("list", "images");
};
