import { ClientError, isUnreachable } from "./error.ts";
import type { Send, Target } from "./target.ts";

export type Connection = {
  /** Where the daemon is: `http(s)://host:port` or `unix:///path`; by itself the socket of this user's own. */
  url?: string;
  /** An API token or an access token, where one is needed. */
  token?: string;
  /** What takes the place of the global fetch for http and https. */
  fetch?: (url: string, init?: RequestInit) => Promise<Response>;
};

export type Asking = {
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
};

export type Ask = ReturnType<typeof createAsk>;

/** One question to the daemon. */
export const createAsk = (connection: Connection) => {
  let way: Promise<Way> | undefined;

  /** The answer, once its head is there; an error of the daemon's is thrown. */
  const open = async (route: string, { query = {}, ...asking }: Asking = {}): Promise<Response> => {
    const [method = "", path = ""] = route.split(" ");
    way ??= findWay(connection);
    const { base, send } = await way;
    const answer = await send(`${base}${path}${searchOf(query)}`, { method, ...initOf(asking) }).catch(sayUnreachable);
    if (answer.ok) return answer;
    throw errorOf(await answer.text(), answer.status);
  };

  return {
    open,
    json: async <Body>(route: string, asking?: Asking): Promise<Body> =>
      (await (await open(route, asking)).json()) as Body, // the daemon answers by its schema, to which the tests hold it
  };
};

const sayUnreachable = (cause: unknown): never => {
  if (!isUnreachable(cause)) throw cause;
  throw new ClientError("unreachable", `no daemon answers: ${String(cause)}`, { cause });
};

/** One part of a path. */
export const part = (text: string): string => encodeURIComponent(text);

type Way = { base: string; send: Send };

const findWay = async ({ url, token, fetch: given = fetch }: Connection): Promise<Way> => {
  if (url === undefined || url.startsWith("unix:")) return overSocket(url, token);
  if (!/^https?:\/\/[^/]+\/?$/.test(url))
    throw new TypeError(`url is not http(s)://host:port or unix:///path but ${url}`);
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    base: url.replace(/\/$/, ""),
    send: (address, init) => given(address, { ...init, headers: { ...(init?.headers as object), ...authorization } }),
  };
};

/** All that needs Node is loaded here, and nowhere else. */
const overSocket = async (url: string | undefined, token: string | undefined): Promise<Way> => {
  const [{ defaultSocket }, { whyUnsafe, sendTo }] = await Promise.all([import("../paths.ts"), import("./target.ts")]);
  const target: Target = { socketPath: url === undefined ? defaultSocket(process.env) : url.slice("unix://".length) };
  const send = sendTo(target, token);
  return {
    base: "http://localhost",
    async send(address, init) {
      const unsafe = whyUnsafe(target);
      if (unsafe !== undefined) throw new ClientError("unsafe_socket", unsafe);
      return send(address, init);
    },
  };
};

const initOf = ({ body, headers = {}, signal }: Asking): RequestInit => ({
  headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
  ...(body !== undefined && { body: JSON.stringify(body) }),
  ...(signal && { signal }),
});

const searchOf = (query: NonNullable<Asking["query"]>): string => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  return given.size === 0 ? "" : `?${given.toString()}`;
};

/** An error that the daemon tells; of anything else, a proxy's say, the beginning. */
export const errorOf = (text: string, status?: number): ClientError => {
  const known = status === undefined ? {} : { status };
  try {
    const { error, code, request_id: requestId, details } = JSON.parse(text) as Told; // the daemon's one error shape
    if (typeof code === "string")
      return new ClientError(code, error, { ...known, requestId, ...(details && { details }) });
  } catch {
    // said below
  }
  return new ClientError(
    "unexpected_answer",
    `the daemon answered something else than JSON: ${text.slice(0, 200)}`,
    known,
  );
};

type Told = { error: string; code: string; request_id: string; details?: ClientError["details"] };
