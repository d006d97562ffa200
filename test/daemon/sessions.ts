import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Scope } from "../../lib/schema/auth.ts";
import { MessagePage, SessionList } from "../../lib/schema/session.ts";
import { writeFiles } from "../harness.ts";
import { openApp } from "./harness.ts";

type Headers = Record<string, string>;

/** The app with its sessions, and what their agents leave in their folders. */
export const openSessions = (t: TestContext, options: Parameters<typeof openApp>[1] = {}) => {
  const app = openApp(t, options);
  const folderOf = (id: string) => join(app.state, "sessions", id);
  const projectsOf = (id: string) => join(folderOf(id), "home/.claude/projects");
  return {
    ...app,
    folderOf,
    projectsOf,
    /** Headers of a caller with a token. */
    as: (name: string, scopes: Scope[] = ["read", "run"]): Headers => ({
      authorization: `Bearer ${app.apiTokens.create({ name, scopes }).token}`,
    }),
    /** The id of a session that has had a run. */
    begin: async (headers: Headers = {}) => String((await app.run({ prompt: "hi" }, headers)).body["session_id"]),
    resume: (id: string) => app.run({ prompt: "again", claude: { session_id: id, resume: true } }),
    /** Writes the transcript of a session. */
    tell: (id: string, text: string) => writeFiles(projectsOf(id), { [`-workspace/${id}.jsonl`]: text }),
    page: async (id: string, query = "") =>
      MessagePage.parse((await app.json(`/sessions/${id}/messages${query}`)).body),
    list: async (query = "", headers: Headers = {}) =>
      SessionList.parse((await app.json(`/sessions${query}`, { headers })).body),
    remove: (id: string, headers: Headers = {}) => app.json(`/sessions/${id}`, { method: "DELETE", headers }),
  };
};

/** A line of a transcript. */
export const said = (uuid: string, words: unknown, more: object = {}): string =>
  JSON.stringify({ type: "user", uuid, timestamp: "t", message: { role: "user", content: words }, ...more });
