import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { podman, secretWith } from "./podman.ts";
import { makeStandIn, scripted } from "./stand-in.ts";

const stromboli = await startStromboli(
  { after },
  {
    config: { claude: { binary: makeStandIn({ after }) } },
    env: { DAEMON_ONLY: "marker", http_proxy: "", NO_PROXY: "*" },
  },
);
const { run } = stromboli;

test("variables and secrets of the request are the agent's, as they are, and those of the daemon are not", async (t) => {
  const env = { GREETING: "hällo = 'wörld' $HOME \\n #", EMPTY: "", _x: "1" };
  const name = await secretWith(t, "s3cret, = 'quoted'");
  const show = 'printf "%s|%s|%s|%s\\n" "$GREETING" "${EMPTY-unset}" "$_x" "$GH_TOKEN"';
  const script = `${show}; env | grep -E 'DAEMON_ONLY|STROMBOLI|XDG|proxy' || echo none`;
  const { body } = await run(scripted(script, { podman: { env, secrets_env: { GH_TOKEN: name } } }));
  assert.equal(body.output, `${env.GREETING}||1|s3cret, = 'quoted'\nnone`);
});

test("a secret that is missing is refused by name", async () => {
  const name = `missing-${randomUUID()}`;
  const { status, body } = await run({ prompt: "hello", podman: { secrets_env: { TOKEN: name } } });
  assert.deepEqual([status, body.code], [400, "secret_not_found"]);
  assert.match(body.error ?? "", new RegExp(name));
});

test("a part of a secret's name or its id does not name it", async (t) => {
  const name = await secretWith(t, "value");
  const { stdout: id } = await podman("secret", "inspect", "--format={{.ID}}", name);
  for (const other of [name.slice(0, -1), id.trim(), id.trim().slice(0, 12)]) {
    const { status, body } = await run({ prompt: "hello", podman: { secrets_env: { TOKEN: other } } });
    assert.deepEqual([status, body.code], [400, "secret_not_found"]);
  }
});

for (const name of ["has,comma", "a=b", "a/b", "a b", "", "x".repeat(254)]) {
  test(`${JSON.stringify(name.slice(0, 20))} is no secret's name`, async () => {
    const { status, body } = await run({ prompt: "hello", podman: { secrets_env: { TOKEN: name } } });
    assert.deepEqual([status, body.code], [400, "invalid_request"]);
  });
}

test("more than 50 secrets are refused", async () => {
  const secrets_env = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`S${index}`, "x"]));
  const { status, body } = await run({ prompt: "hello", podman: { secrets_env } });
  assert.deepEqual([status, body.details?.[0]?.path], [400, "podman.secrets_env"]);
});

const reserved =
  "PATH HOME LD_PRELOAD LD_LIBRARY_PATH BASH_ENV NODE_OPTIONS BUN_OPTIONS IS_SANDBOX ANTHROPIC_API_KEY ANTHROPIC_BASE_URL " +
  "ANTHROPIC_UNIX_SOCKET CLAUDE_CODE_OAUTH_TOKEN CLAUDE_CONFIG_DIR https_proxy HTTP_PROXY no_proxy";
for (const name of reserved.split(" ")) {
  test(`${name} is reserved, as a variable and as a secret's`, async () => {
    const codes = await Promise.all(
      [{ env: { [name]: "x" } }, { secrets_env: { [name]: "x" } }].map(async (options) => {
        const { status, body } = await run({ prompt: "hello", podman: options });
        return [status, body.code];
      }),
    );
    assert.deepEqual(codes, [
      [400, "invalid_request"],
      [400, "invalid_request"],
    ]);
  });
}

for (const [name, value] of [
  ["A-B", "x"],
  ["1A", "x"],
  ["A=B", "x"],
  ["", "x"],
  ["A", "two\nlines"],
  ["A", "nul\0"],
] as const) {
  test(`${JSON.stringify(name)} with ${JSON.stringify(value)} is no variable`, async () => {
    const { status, body } = await run({ prompt: "hello", podman: { env: { [name]: value } } });
    assert.deepEqual([status, body.code], [400, "invalid_request"]);
  });
}
