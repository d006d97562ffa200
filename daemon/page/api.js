const tokenKey = "stromboli-token";

/** What the daemon refused: its sentence, and in `details` what is wrong where. */
class Refusal extends Error {
  constructor({ error, code, details = [] }, status) {
    super([error, ...details.map(({ path, message }) => `${path}: ${message}`).slice(1)].join("\n"));
    this.code = code;
    this.status = status;
  }
}

export const hasToken = () => sessionStorage.getItem(tokenKey) !== null;
export const keepToken = (token) => sessionStorage.setItem(tokenKey, token);
export const forgetToken = () => sessionStorage.removeItem(tokenKey);

const send = (path, { headers, ...options } = {}) => {
  const token = sessionStorage.getItem(tokenKey); // never in an address, which is kept in histories and logs
  return fetch(path, {
    ...options,
    cache: "no-store",
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...headers },
  });
};

const refuse = async (response) => {
  const body = await response.json().catch(() => ({ error: `the daemon answered ${response.status}` }));
  throw new Refusal(body, response.status);
};

/** The JSON of an answer; throws a Refusal for an error, and what fetch throws when there is nobody. */
export const call = async (path, options) => {
  const response = await send(path, options);
  return response.ok ? response.json() : refuse(response);
};

const pauseMs = 1000;

/**
 * The events of a job from its beginning to its end, each once: a connection that breaks is made anew and goes on behind
 * the last event that came. `onConnection` is told of both.
 */
export async function* follow(job, { signal, onConnection }) {
  const reader = { job, signal, last: 0, over: false };
  while (!reader.over) {
    try {
      yield* read(reader, onConnection);
    } catch (error) {
      if (signal.aborted || (error instanceof Refusal && !mayPass.has(error.status))) throw error;
    }
    if (reader.over) return;
    onConnection(false);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    signal.throwIfAborted();
  }
}

/** A daemon that restarts, a proxy without one behind it, a limit of requests. */
const mayPass = new Set([429, 502, 503, 504]);

/** What is new by one connection. */
async function* read(reader, onConnection) {
  const { job, signal, last } = reader;
  const response = await send(`/jobs/${job}/events`, { headers: { "last-event-id": String(last) }, signal });
  reader.over = response.status === 204;
  if (reader.over) return;
  if (!response.ok) await refuse(response);
  onConnection(true);
  for await (const event of eventsOf(response.body)) {
    reader.last = event.id;
    reader.over = event.type === "done";
    yield event;
    if (reader.over) return;
  }
}

/** Server-sent events out of bytes. The browser's own EventSource sends no Authorization header. */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader(); // not every browser can iterate it
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (text + value).split("\n\n");
    text = events.pop();
    yield* events.map(parse).filter(({ id }) => id > 0); // a heartbeat has none
  }
}

const parse = (text) => {
  const lines = text.split("\n");
  const field = (name) => lines.flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []));
  return { id: Number(field("id")[0]), type: field("event")[0], data: field("data").join("\n") };
};
