import assert from "node:assert/strict";
import { mkdirSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openRetention } from "./harness.ts";

type Folders = ReturnType<typeof openRetention>["folders"];

/** Leaves a folder as a daemon does that dies in the middle of taking it away. */
const takeHalfAway = (folder: string, id: string): void => renameSync(join(folder, id), join(folder, `.leaving-${id}`));

const filesIn = ({ jobs, sessions }: Folders, job: string, session: string) => [
  readdirSync(join(jobs, job)),
  readdirSync(join(sessions, session)),
];

test("what was half taken away is back before it is asked for, when its row stayed", async (t) => {
  const { retention, job, session, folders, left } = openRetention(t);
  const [jobId, sessionId] = [job(2), session(2)];
  takeHalfAway(folders.jobs, jobId);
  takeHalfAway(folders.sessions, sessionId);
  await retention.recover();
  assert.deepEqual(filesIn(folders, jobId, sessionId), [["output.jsonl"], ["home", "workspace"]]);
  assert.deepEqual([left().jobFolders, left().sessionFolders], [[jobId], [sessionId]]);
});

test("what was half taken away and has lost its row never comes back, and goes with the next sweep", async (t) => {
  const { retention, job, session, folders, left, db, addSession } = openRetention(t);
  const [jobId, sessionId] = [job(2), session(2)];
  takeHalfAway(folders.jobs, jobId);
  takeHalfAway(folders.sessions, sessionId);
  db.exec("delete from jobs; delete from sessions");
  await retention.recover();
  addSession(0, sessionId); // the id is free, and somebody takes it
  await retention.recover();
  assert.ok(!left().sessionFolders.includes(sessionId));
  await retention.sweep();
  assert.deepEqual([left().jobFolders, left().sessionFolders], [[], []]);
});

test("a folder of an id that is there again holds up no other", async (t) => {
  const { retention, job, folders, left, lines } = openRetention(t);
  const [one, other] = [job(2), job(2)].toSorted() as [string, string];
  for (const id of [one, other]) takeHalfAway(folders.jobs, id);
  mkdirSync(join(folders.jobs, one, "something"), { recursive: true });
  await retention.recover();
  assert.deepEqual(left().jobFolders.toSorted(), [`.leaving-${one}`, one, other].toSorted());
  assert.ok(lines.some((line) => line.includes(one) && line.includes("cannot be put back")));
});
