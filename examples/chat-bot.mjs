// A bot for a chat such as Slack, as a slash command: it answers at once that it works, and posts the agent's answer when
// it is there. A channel is a conversation: each message goes on where the one before ended.
//   SLACK_SIGNING_SECRET=… PORT=9001 node chat-bot.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";

const { STROMBOLI_URL: url = "http://localhost:8080", STROMBOLI_TOKEN: token, PORT: port = "9001" } = process.env;
const { SLACK_SIGNING_SECRET: secret } = process.env;
if (!secret) throw new Error("set SLACK_SIGNING_SECRET");

const isFromChat = (headers, body) => {
  const timestamp = headers["x-slack-request-timestamp"] ?? "";
  const expected = `v0=${createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex")}`;
  const given = Buffer.from(headers["x-slack-signature"] ?? "");
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  return fresh && given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
};

const ask = async (prompt, session) => {
  const claude = session ? { session_id: session, resume: true } : {};
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const body = JSON.stringify({ prompt, claude, podman: { network: "none" }, labels: { by: "chat-bot" } });
  const response = await fetch(`${url}/run`, { method: "POST", headers, body });
  const { output, error, session_id = session } = await response.json();
  return { text: output || error, session: session_id };
};

const post = (to, message) =>
  fetch(to, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ response_type: "in_channel", text: message.slice(0, 3000) }),
  });

/** What is under way in each channel, and comes to its session: one run at a time can be in a session. */
const channels = new Map();

const receive = async (request, response) => {
  const body = await text(request);
  if (!isFromChat(request.headers, body)) {
    response.writeHead(401).end();
    return;
  }
  const { channel_id, text: prompt, response_url } = Object.fromEntries(new URLSearchParams(body));
  const before = channels.get(channel_id) ?? Promise.resolve(undefined);
  const answered = before.then(async (session) => {
    const answer = await ask(prompt, session);
    await post(response_url, answer.text);
    return answer.session;
  });
  channels.set(
    channel_id,
    answered.catch(async (error) => {
      console.error(error);
      return before;
    }),
  );
  response.end("On it …");
};

const server = createServer((request, response) => {
  receive(request, response).catch(() => response.destroy());
});
server.listen(Number(port), "127.0.0.1", () => console.log(`listening on port ${server.address().port}`));
