import type { SessionDetail, SessionMessage } from "../lib/schema/session.ts";
import { jsonOf, type Client } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";

/** The id that is meant by it or by how it begins. */
export const resolveSession = async (client: Client, text: string): Promise<string> =>
  wholeId.test(text) ? text.toLowerCase() : (await findSession(client, text)).id;

/** The session that is meant by its id or by how that begins. */
export const findSession = async (client: Client, text: string): Promise<SessionDetail> => {
  const { details } = beginning.test(text)
    ? await jsonOf(await client.sessions.$get({ query: { id: text } }))
    : { details: [] };
  const [session, another] = details;
  if (!session)
    throw new Failure(`there is no session ${text || '""'}; list them with: stromboli sessions`, exitCodes.failed);
  if (another) throw new Failure(`${text} is the beginning of several sessions`, exitCodes.failed);
  return session;
};

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const beginning = /^[0-9a-f-]{1,36}$/i;

/** All that was said in a session, oldest first, a page at a time. */
export async function* messagesOf(client: Client, id: string): AsyncGenerator<SessionMessage> {
  let offset = 0;
  let more = true;
  while (more) {
    const query = { offset: String(offset), limit: "200" };
    const page = await jsonOf(await client.sessions[":id"].messages.$get({ param: { id }, query }));
    yield* page.messages;
    offset += page.messages.length;
    more = page.has_more && page.messages.length > 0;
  }
}
