import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { execa } from "execa";
import { createCliFinder } from "../../lib/agent/binary.ts";
import { Config } from "../../lib/schema/config.ts";
import { startStromboli } from "./harness.ts";
import { environmentOf } from "./place.ts";
import { echo, makeStandIn } from "./stand-in.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const { place, key, model, list } = await startStromboli(
  { after },
  { config: { claude: { binary: makeStandIn({ after }, echo) } } },
);

test("the real CLI runs an agent in a container by its tool, and reads the answer", async () => {
  const cli = createCliFinder(Config.parse({})).glibc();
  assert.ok(cli);
  const server = { command: launcher, args: ["mcp"], env: { STROMBOLI_HOST: `unix://${place.socket}` } };
  const run = { prompt: "hello in there", labels: { by: "mcp" } };
  const { stdout } = await execa(
    cli,
    [
      "-p",
      "--mcp-config",
      JSON.stringify({ mcpServers: { stromboli: server } }),
      "--allowedTools",
      "mcp__stromboli__run",
    ],
    {
      input: `use mcp__stromboli__run: ${JSON.stringify(run)}`,
      cwd: place.folder,
      extendEnv: false,
      env: environmentOf(place, { HOME: place.folder, ANTHROPIC_BASE_URL: model.url, ANTHROPIC_API_KEY: key }),
    },
  );
  assert.match(stdout, /result: echo: hello in there/);
  const { jobs } = await list("?label=by=mcp");
  assert.deepEqual(jobs.map(({ outcome }) => outcome), ["succeeded"]); // prettier-ignore
});
