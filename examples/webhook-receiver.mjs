// Receives webhooks, believes only what is signed, and prints a line for each job that has ended.
//   STROMBOLI_WEBHOOKS_SECRET=… PORT=9000 node webhook-receiver.mjs
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";

const { STROMBOLI_WEBHOOKS_SECRET: secret, PORT: port = "9000" } = process.env;
if (!secret) throw new Error("set STROMBOLI_WEBHOOKS_SECRET to the daemon's webhooks.secret");
const seen = new Set(); // deliveries come at least once; keep them in a database if that matters beyond a restart

const isOurs = (headers, body) => {
  const timestamp = headers["x-stromboli-timestamp"] ?? "";
  const expected = `sha256=${createHmac("sha256", secret).update(`${timestamp}.`).update(body).digest("hex")}`;
  const given = Buffer.from(headers["x-stromboli-signature"] ?? "");
  const fresh = Math.abs(Date.now() / 1000 - Number(timestamp)) < 300;
  return fresh && given.length === expected.length && timingSafeEqual(given, Buffer.from(expected));
};

const receive = async (request, response) => {
  const body = await buffer(request); // as it came: parsed and printed again it would be another one
  if (!isOurs(request.headers, body)) {
    response.writeHead(401).end();
    return;
  }
  const delivery = request.headers["x-stromboli-delivery"];
  if (!seen.has(delivery)) {
    seen.add(delivery);
    const { job_id, outcome, output = "" } = JSON.parse(body);
    console.log(`${job_id} ${outcome}: ${output.split("\n")[0]}`);
  }
  response.writeHead(204).end();
};

const server = createServer((request, response) => {
  receive(request, response).catch(() => response.destroy()); // the daemon tries again
});
server.listen(Number(port), "127.0.0.1", () => console.log(`listening on port ${server.address().port}`));
