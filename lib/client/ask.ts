import { ClientError, isUnreachable } from "./error.ts";
import type { Send } from "./target.ts";

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
export const createAsk = (connection: Connection, overSocket: OverSocket) => {
  const { base, send } = findWay(connection, overSocket);
  const sayUnreachable = unreachableAt(connection.url ?? "the socket of this user");

  /** The answer, once its head is there; an error of the daemon's is thrown. */
  const open = async (route: string, { query = {}, ...asking }: Asking = {}): Promise<Response> => {
    const [method = "", path = ""] = route.split(" ");
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

const unreachableAt =
  (place: string) =>
  (cause: unknown): never => {
    if (!isUnreachable(cause)) throw cause;
    throw new ClientError("unreachable", `no daemon answers at ${place}: ${reasonOf(cause)}`, { cause });
  };

/** Of fetch's own error the cause alone says something; of many addresses that were tried, the code. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  return error.message || ("code" in error ? String(error.code) : error.name);
};

/** One part of a path. */
export const part = (text: string): string => encodeURIComponent(text);

export type Way = { base: string; send: Send };
/** The way to a socket, that of this user's own where none is named. */
export type OverSocket = (url: string | undefined, token: string | undefined) => Way;

const findWay = ({ url, token, fetch: given = fetch }: Connection, overSocket: OverSocket): Way => {
  if (url === undefined || /^unix:\/\/\/./.test(url)) return overSocket(url, token);
  if (!/^https?:\/\/[^/?#@\s]+\/?$/.test(url) || !URL.canParse(url))
    throw new TypeError(`url is not http(s)://host:port or unix:///path but ${url}`);
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    base: url.replace(/\/$/, ""),
    send: (address, init) => given(address, { ...init, headers: { ...(init?.headers as object), ...authorization } }),
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
