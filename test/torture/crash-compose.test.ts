import assert from "node:assert/strict";
import { after, test } from "node:test";
import { beside, createComposing } from "../e2e/composing.ts";
import { defaultImage } from "../e2e/podman.ts";
import { makeStandIn } from "../e2e/stand-in.ts";
import type { Lane } from "./crash-lane.ts";
import { createSeries, whole } from "./crash-series.ts";

const config = { claude: { binary: makeStandIn({ after }) } };
const { lanes, series } = await createSeries({ after }, config);

const db = {
  image: defaultImage,
  command: ["sh", "-c", "touch /data/ready; exec sleep 600"],
  healthcheck: { test: "test -e /data/ready", interval: "200ms" },
  volumes: ["data:/data"],
};
const seed = { image: defaultImage, command: ["touch", "/data/seeded"], volumes: ["data:/data"], depends_on: ["db"] };
const services = { db, seed, web: { image: defaultImage, volumes: ["data:/data"], depends_on: { seed: { condition: "service_completed_successfully" } } } }; // prettier-ignore

test("a job with services ends once and as it must, and leaves none of them, at whatever step the daemon is killed", async (t) => {
  const places = new Map<Lane, ReturnType<typeof createComposing>>(lanes.map((lane) => [lane, createComposing(lane)]));
  const request = (lane: Lane) => ({
    prompt: 'echo ran >> runs; answer "$(cd /data; echo *)"',
    ...beside(places.get(lane)?.fileOf(services, { volumes: { data: {} } }) ?? "", { service: "web" }),
  });
  const { points, faults, hits, share } = await series(
    { request, expected: { ...whole, outcome: "succeeded", exit_code: 0, output: "ready seeded" } },
    2,
  );
  t.diagnostic(`${points.length} points, killed at ${hits}`);
  assert.deepEqual(faults, []);
  for (const step of ["podman network", "podman volume", "podman exec", "sql insert or replace into stacks"])
    assert.ok(
      points.some((point) => point.includes(step)),
      step,
    );
  assert.ok(share > 0.6, `killed at ${hits} of them`);
  for (const place of places.values()) assert.deepEqual(await place.left(), []);
});
