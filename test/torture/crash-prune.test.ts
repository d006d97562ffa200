import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { makeStandIn } from "../e2e/stand-in.ts";
import { createLane } from "./crash-lane.ts";
import { distinct } from "./crash-points.ts";
import { revive, someOf } from "./crash-series.ts";

const lane = await createLane({ after }, { claude: { binary: makeStandIn({ after }) } });
const folderOf = (kind: "jobs" | "sessions", id = "") => join(lane.place.state, kind, id);

const prune = () =>
  lane.send("/prune", { method: "POST", body: '{"jobs_older_than": "1ms", "sessions_older_than": "1ms"}' });

/** A job that has ended, and what can be seen of it and of its session: all, or nothing. */
const makeJob = async () => {
  const { body } = await lane.run({ prompt: "echo kept > kept; answer done" });
  const [id, session] = [String(body.id), String(body.session_id)];
  await lane.rest();
  return {
    look: async () => {
      const shown = await lane.send(`/jobs/${id}`);
      const log = await lane.send(`/jobs/${id}/logs`);
      const { output } = (await shown.json()) as { output?: string }; // a job, or an error
      return {
        job: [shown.status, output, log.status, (await log.text()).includes("done"), existsSync(folderOf("jobs", id))],
        session: [
          lane.count(`sessions where id = '${session}'`),
          existsSync(folderOf("sessions", `${session}/workspace/kept`)),
        ],
      };
    },
  };
};

const whole = { job: [200, "done", 200, true, true], session: [1, true] };
const gone = { job: [404, undefined, 404, false, false], session: [0, false] };

/** What a prune passes. */
const learn = async (): Promise<string[]> => {
  await makeJob();
  lane.arm("never");
  await prune();
  return distinct(lane.points());
};

test("a prune that is killed at any step leaves a job and a session with all of their files, or nothing", async (t) => {
  const points = await learn();
  for (const dieAt of someOf(points, 1)) {
    const { look } = await makeJob();
    lane.arm(dieAt);
    await prune().catch(() => {});
    await lane.dead();
    await revive(lane);
    const { job, session } = await look();
    assert.ok(
      [whole.job, gone.job].some((state) => isDeepStrictEqual(state, job)),
      `killed ${dieAt}: ${JSON.stringify(job)}`,
    );
    assert.ok(
      [whole.session, gone.session].some((state) => isDeepStrictEqual(state, session)),
      `killed ${dieAt}: ${JSON.stringify(session)}`,
    );
    await prune();
    assert.deepEqual(await look(), gone, `pruned again after a kill ${dieAt}`);
    assert.deepEqual([readdirSync(folderOf("jobs")), readdirSync(folderOf("sessions"))], [[], []]);
  }
  t.diagnostic(`${points.length} points of a prune: ${points.join(", ")}`);
  assert.ok(points.length > 8);
});
