import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { noMounts, startOnSmallDisk } from "./small-disk.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

type Disk = Awaited<ReturnType<typeof startOnSmallDisk>>;

const skip = await noMounts();
const config = { claude: { binary: makeStandIn({ after }) }, jobs: { max_running: 1 } };
const opened = skip ? undefined : await startOnSmallDisk({ after }, { megabytes: 16, config });

const onDisk = (title: string, check: (disk: Disk) => Promise<void>): void =>
  void test(title, { skip }, async () => opened && check(opened));

/** How often the daemon has tried in vain to write down how a job ended. */
const failures = ({ log }: Disk): number => log().split("settling a job failed; trying again").length;

/** A job whose agent waits to be told to go; its answer fits into what the file system has given it already. */
const atWork = async (disk: Disk) => {
  const session_id = randomUUID();
  const before = failures(disk);
  const { body } = await disk.submit({ prompt: "echo begun; hold; answer hi", claude: { session_id } });
  const id = String(body.job_id);
  await until("the agent", async () => String(await disk.logOf(id)) === "begun\n");
  return {
    id,
    go: () => writeFileSync(join(disk.workspace(session_id), "go"), ""),
    untilItEnds: () => until("the end to be seen", () => failures(disk) > before),
  };
};

const health = async ({ send }: Disk) => {
  const body = (await (await send("/health")).json()) as { status: string; components: Record<string, string>[] };
  return { status: body.status, database: body.components.find(({ name }) => name === "database") };
};

onDisk(
  "a job that ends on a full disk keeps its outcome until there is room, and work is refused until then",
  async (disk) => {
    const { submit, run, send, show, ended, cancel } = disk;
    const { id, go, untilItEnds } = await atWork(disk);
    const waiting = String((await submit({ prompt: "answer next" })).body.job_id);
    disk.fill();

    const refused = await submit({ prompt: "answer hi" });
    assert.deepEqual([refused.status, refused.body.code, refused.body.id], [503, "storage_failed", ""]);
    assert.match(String(refused.body.error), /state folder .*make room/);
    const answer = await run({ prompt: "answer hi" });
    const denied = await cancel(waiting);
    assert.deepEqual([answer.status, answer.body.code], [503, "storage_failed"]);
    assert.deepEqual([denied.status, denied.body["code"]], [503, "storage_failed"]);
    const { database } = await until("health to be degraded", async () => {
      const report = await health(disk);
      return report.status === "degraded" && report;
    });
    assert.deepEqual([database?.["status"], String(database?.["error"]).length > 0], ["error", true]);
    assert.equal((await send("/readyz")).status, 503);
    assert.equal((await send("/healthz")).status, 200);
    assert.deepEqual(
      (await disk.list()).jobs.map(({ status }) => status),
      ["pending", "running"],
    );

    go();
    await untilItEnds();
    assert.equal((await show(id)).status, "running");
    disk.free();
    const job = await ended(id);
    assert.deepEqual([job.outcome, job.output, job.exit_code], ["succeeded", "hi", 0]);
    assert.equal((await ended(waiting)).output, "next");
    assert.equal((await run({ prompt: "answer again" })).body.output, "again");
    await until("health to be well", async () => (await health(disk)).status === "ok");
    await until("the containers to go", async () => (await disk.containers()).length === 0);
  },
);

onDisk("a job can be stopped on a full disk, and is cancelled once there is room", async (disk) => {
  const { id, untilItEnds } = await atWork(disk);
  disk.fill();
  const answer = disk.cancel(id);
  await untilItEnds();
  disk.free();
  assert.deepEqual([(await answer).status, (await disk.ended(id)).outcome], [200, "cancelled"]);
});

onDisk("a daemon that starts on a full disk loses no job", async (disk) => {
  const { id, go, untilItEnds } = await atWork(disk);
  disk.fill();
  await disk.end("SIGKILL");
  await disk.start();
  assert.equal((await disk.show(id)).status, "running");
  go();
  await untilItEnds();
  disk.free();
  const { outcome, output } = await disk.ended(id);
  assert.deepEqual([outcome, output], ["succeeded", "hi"]);
});

onDisk("an agent that has filled the disk itself ends, and its job says how", async (disk) => {
  const { body } = await disk.submit({ prompt: "echo begun; cat /dev/zero > filler; answer $?; sleep 3; rm filler" });
  const { outcome, exit_code, output } = await disk.ended(String(body.job_id));
  assert.deepEqual([outcome, exit_code, output], ["succeeded", 0, "1"]);
  const { body: next } = await disk.run({ prompt: "answer hi" });
  assert.equal(next.output, "hi");
});
