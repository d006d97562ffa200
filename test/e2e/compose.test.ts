import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { createCli } from "./cli.ts";
import { ask, beside, createComposing } from "./composing.ts";
import { startStromboli } from "./harness.ts";
import { nameAgain, podman, secretWith } from "./podman.ts";
import { noRedis, redisImage } from "./redis.ts";
import { bash } from "./requests.ts";
import { makeStandIn, scripted } from "./stand-in.ts";

const skip = noRedis;
const database = { image: skip ? "" : await redisImage({ after }) };
const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { run, ended } = stromboli;
const { left, allGone, fileOf, begin } = createComposing(stromboli);
const { run: cli } = createCli(stromboli.place);

test("an agent talks to the database beside it by its service's name, with its Bash tool", { skip }, async (t) => {
  const real = await startStromboli(t);
  const path = join(real.makeVolume(), "compose.yaml");
  writeFileSync(path, `services:\n  db:\n    image: ${database.image}\n`);
  const { body } = await real.run(bash(ask("PING"), beside(path)));
  assert.equal(body.output, "result: +PONG");
  assert.ok((body.usage?.total_tokens ?? 0) > 0);
});

test("the services are up before the agent begins, and all of them are gone after its run", { skip }, async () => {
  const path = fileOf({ db: { ...database, volumes: ["data:/data"] } }, { volumes: { data: {} } });
  const { id, session, go } = await begin(path, ask("PING"));
  const name = `stromboli-${stromboli.label.split("=")[1]?.slice(0, 8)}-${session}`;
  assert.deepEqual((await left()).toSorted(), [`${name}-data`, `${name}-db`, `${name}-default`]);
  go();
  const { outcome, output } = await ended(id);
  assert.deepEqual([outcome, output], ["succeeded", "+PONG"]);
  await allGone();
});

test("the agent takes the place of a service: its environment, workdir, name and volumes", { skip }, async () => {
  const app = {
    image: "localhost/stromboli-agent:latest",
    environment: { GREETING: "${WORD} there" },
    working_dir: "/srv",
    volumes: ["shared:/shared"],
    depends_on: { once: { condition: "service_completed_successfully" } },
    command: "is not run",
  };
  const once = { ...app, command: ["sh", "-c", "echo seeded >/shared/x; chmod a+r /shared/x"], depends_on: [] };
  const path = fileOf({ app, once }, { volumes: { shared: {} } });
  const agent = 'echo "$GREETING"; pwd; cat /shared/x; getent hosts app >/dev/null && echo app';
  const { body } = await run(scripted(agent, beside(path, { service: "app", podman: { env: { WORD: "hi" } } })));
  assert.equal(body.output, "hi there\n/srv\nseeded\napp");
});

test("two runs of one file have services of their own, which do not know each other", { skip }, async () => {
  const path = fileOf({ db: database });
  const [one, other] = await Promise.all(
    ["one", "another"].map((word) => begin(path, ask(`SET word ${word}`, "STRLEN word"))),
  );
  one?.go();
  other?.go();
  const ends = await Promise.all([one, other].map((job) => ended(String(job?.id))));
  assert.deepEqual(
    ends.map(({ output }) => output),
    ["+OK\n:3", "+OK\n:7"],
  );
});

test(
  "services that are kept serve the session's next run, whatever their image is called meanwhile, and go with it",
  { skip },
  async (t) => {
    const path = fileOf({ db: database });
    const session = randomUUID();
    const first = await run(scripted(ask("SET word kept"), beside(path, { session, keep: true })));
    assert.equal(first.body.output, "+OK");
    assert.equal((await left()).length, 2);
    await nameAgain(t, database.image);
    const request = scripted(ask("STRLEN word"), beside(path));
    const again = await run({ ...request, claude: { session_id: session, resume: true } });
    assert.equal(again.body.output, ":4");
    await allGone();
  },
);

test("with network none neither the agent nor a service reaches anything outside their network", { skip }, async () => {
  const probe = "timeout 2 bash -c 'exec 3<>/dev/tcp/10.88.0.1/22' 2>&1 | grep -q unreachable && echo shut";
  const path = fileOf({ db: { ...database, entrypoint: ["sh", "-c", `${probe}; exec sleep 60`] } });
  const { id, go } = await begin(path, probe);
  const { stdout } = await podman("logs", String((await left()).find((name) => name.endsWith("-db"))));
  go();
  const { output } = await ended(id);
  assert.deepEqual([output, stdout], ["shut", "shut"]);
});

test("a service reads its secret from a file, and the agent does not", { skip }, async (t) => {
  const secret = await secretWith(t, "geheim");
  const script = `cmp -s /run/secrets/${secret} - <<<geheim && exit 1; grep -q geheim /run/secrets/${secret}`;
  const seen = { ...database, entrypoint: ["bash", "-c", script], secrets: [secret] };
  const path = fileOf({ seen }, { secrets: { [secret]: { external: true } } });
  const { body } = await run(scripted("ls /run/secrets 2>&1 | grep -c No", beside(path)));
  assert.equal(body.output, "1");
});

test("the command line runs a compose file, and tells in a dry run what it would start", { skip }, async () => {
  const path = fileOf({ db: database });
  const { stdout: plan } = await cli(["run", "--dry-run", "--compose", path, "hi"]);
  const [, told] = /^service +(.*)$/m.exec(plan) ?? [];
  assert.equal(told, `db: ${database.image}, 512 MiB, on default`);
  const { stdout } = await cli(["run", "--compose", path, scripted(ask("PING")).prompt]);
  assert.equal(stdout, "+PONG\n");
});
