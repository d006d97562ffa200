import { Command } from "commander";
import { createTelling, headOf } from "../conversation.ts";
import { jsonOf, type Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { sessionTable } from "../session-table.ts";
import { findSession, messagesOf, resolveSession } from "../sessions.ts";
import { jsonText, print, printJson, say } from "../print.ts";
import { write } from "../write.ts";

export const sessionsCommand = () => {
  const sessions = new Command("sessions")
    .description("List, read, export and remove sessions: conversations with their files.")
    .addHelpText(
      "after",
      "\nExamples:\n  stromboli sessions\n  stromboli sessions show 3f2a\n  stromboli run -r -s ID …",
    );
  sessions
    .command("ls", { isDefault: true })
    .description("List sessions, used last first.")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli sessions ls")
    .action(list);
  sessions
    .command("show")
    .description("Print a conversation: who said what, and in short what tools were given and came to.")
    .argument("<session>", "its id, or how that begins")
    .option("--json", "print the session and all its messages as JSON, nothing shortened")
    .addHelpText("after", "\nExample:\n  stromboli sessions show 3f2a | less -R")
    .action(show);
  sessions
    .command("export")
    .description("Print the messages of a session, each as a line of JSON, oldest first.")
    .argument("<session>", "its id, or how that begins")
    .option("--json", "the same: it is JSON in any case")
    .addHelpText("after", "\nExample:\n  stromboli sessions export 3f2a > conversation.jsonl")
    .action(exportMessages);
  sessions
    .command("rm")
    .description("Remove sessions with their files, and print the id of each that is gone. Their jobs stay.")
    .argument("<session...>", "their ids, or how these begin")
    .option("--json", "print the ids as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli sessions rm 3f2a 9c01")
    .action(removeAll);
  return sessions;
};

type Flags = { json?: true };

const list = async ({ json }: Flags): Promise<void> => {
  const { details } = await askDaemon(async (client) => jsonOf(await client.sessions.$get({ query: {} })));
  if (json) printJson(details);
  else console.log(sessionTable(details, process.stdout));
};

const show = (text: string, { json }: Flags): Promise<void> =>
  askDaemon(async (client) => {
    const session = await findSession(client, text);
    const messages = messagesOf(client, session.id);
    if (json) return printJson({ ...session, messages: await Array.fromAsync(messages) });
    await write(process.stdout, `${headOf(session, process.stdout)}\n`);
    const tell = createTelling(process.stdout);
    for await (const message of messages) {
      const told = tell(message);
      if (told !== "") await write(process.stdout, `${told}\n`);
    }
  });

const exportMessages = (text: string): Promise<void> =>
  askDaemon(async (client) => {
    const id = await resolveSession(client, text);
    for await (const message of messagesOf(client, id)) await write(process.stdout, `${jsonText(message)}\n`);
  });

const removeAll = (texts: string[], { json }: Flags): Promise<void> =>
  askDaemon(async (client) => {
    const gone: string[] = [];
    for (const text of texts) {
      const id = await removeOne(client, text);
      if (id === undefined) continue;
      gone.push(id);
      if (!json) print(id);
    }
    if (json) printJson(gone);
  });

/** The others are removed nevertheless. */
const removeOne = async (client: Client, text: string): Promise<string | undefined> => {
  try {
    const id = await resolveSession(client, text);
    return (await jsonOf(await client.sessions[":id"].$delete({ param: { id } }))).session_id;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(error.message);
    process.exitCode = exitCodes.failed;
    return undefined;
  }
};
