import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import cli from "@anthropic-ai/claude-code/package.json" with { type: "json" };
import { stateFolder } from "../../lib/paths.ts";
import { startStromboli } from "./harness.ts";
import { buildImage } from "./podman.ts";

const state = stateFolder(process.env);
const files = join(state, "musl.tar");
const binary = join(state, "claude-musl", cli.version, "claude");
const skip = !(existsSync(files) && existsSync(binary)) && "there is no musl here; bin/setup --tests fetches it";

/** Debian's musl with busybox, laid out as Alpine has it. */
const muslImage = (): Promise<string> => {
  const loader = `ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`;
  const layOut = `ln -s ${loader} /lib/libc.${loader.slice(3)}; mkdir -m 1777 /tmp; mkdir -p /usr/bin; /bin/busybox --install -s /bin`;
  const recipe = ["FROM scratch", "ADD musl.tar /", `RUN ["/bin/busybox", "sh", "-c", "${layOut}"]`];
  return buildImage({ after }, recipe, { context: state });
};

const image = skip ? "" : await muslImage();
const { run } = await startStromboli({ after }, { config: { claude: { musl_binary: skip ? "" : binary } } });

test("an image on musl runs with the musl build of the CLI, hooks and all", { skip }, async () => {
  const lifecycle = { on_create_command: ["ls /lib >made"] };
  const { body } = await run({ prompt: "say: hello from musl", podman: { image, lifecycle } });
  assert.deepEqual([body.outcome, body.output], ["succeeded", "hello from musl"]);
});
