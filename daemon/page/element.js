/**
 * An element with properties and children. Strings become text, whatever they hold: what agents write is never markup.
 * `null` and `false` are no child.
 */
export const element = (tag, properties = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== false));
  return made;
};

const status = document.querySelector("#status");

const settledMs = 100;
let telling;

/** Tells what goes on, in words that screen readers say when there is a pause; of much at once only the last. */
export const tell = (text) => {
  clearTimeout(telling);
  telling = setTimeout(() => {
    if (status.textContent !== text) status.textContent = text;
  }, settledMs);
};

/** Names and values, without those that are not known. */
export const facts = (pairs) =>
  element(
    "dl",
    { className: "facts" },
    ...Object.entries(pairs)
      .filter(([, value]) => value)
      .map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
