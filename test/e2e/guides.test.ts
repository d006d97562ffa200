import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import { readComposeFile } from "../../lib/compose/file.ts";
import { Config } from "../../lib/schema/config.ts";
import { Failure } from "../../lib/schema/failure.ts";
import { RunRequest } from "../../lib/schema/run.ts";
import { signatureHeaders } from "../../lib/webhooks/sign.ts";
import { startBox } from "./box.ts";
import { createCli } from "./cli.ts";
import { type DeskOptions, makeDesk } from "./desk.ts";
import { type Block, commandsOf, isRefused, missingFrom, readBlocks, varying } from "./guide.ts";
import { knowImage, startStromboli } from "./harness.ts";
import { knowTrial, makePlace, type Place } from "./place.ts";
import { defaultImage, podman } from "./podman.ts";
import { makeStandIn, obedient } from "./stand-in.ts";
import { type Typed, typeCommands } from "./typing.ts";

/**
 * Every command of the guides is typed as a reader would, from the top of a guide to its bottom. What begins with no
 * daemon or shows the CLI's own ways is typed by a newcomer, who has the real CLI and no credentials; the rest is for one
 * daemon whose agents are stand-ins.
 */
const root = join(import.meta.dirname, "../..");
const guides = [...globSync("{docs,examples}/**/*.md", { cwd: root }).toSorted(), "CONTRIBUTING.md", "README.md"]; // the last leaves a secret and tokens
const blocks = guides.flatMap(readBlocks);
const where = ({ guide, line }: Block) => `${guide}:${line}`;
const inLanguage = (language: RegExp) => blocks.filter((block) => language.test(block.language));

/** A block that is not run has its reason on the line before it: `<!-- not run: needs systemd -->`. */
const reasons = [
  "takes too long",
  "needs a registry",
  "needs systemd",
  "needs Prometheus",
  "needs a containers.conf of Stromboli's",
  "needs sqlite3",
  "replaces the state folder",
];
const isRun = ({ mark }: Block) => !mark?.startsWith("not run: ");

const secret = "of webhooks";
const signed = { body: `{"job_id":"job-5a0c1be2f3d4e6f7"}`, at: 1_767_225_600_000 };
const variables = { TOKEN: "ghp_0123456789abcdef", TIMESTAMP: String(signed.at / 1000), SECRET: secret };
const composed = { services: { db: { image: defaultImage, command: "sleep infinity" } } };
const files = {
  "token.txt": `${variables.TOKEN}\n`,
  "requirements.txt": "",
  "body.json": signed.body,
  "compose.yaml": JSON.stringify(composed), // JSON is YAML
};

/** The compose file of its guide, with images that are here: nobody asks the database anything. */
const guidesOwn = (): string => {
  const block = inLanguage(/^yaml$/).find(({ guide }) => guide === "docs/environments.md");
  const file = parse(block?.text ?? "") as { services: { web: object; db: object } }; // else the command fails
  const healthcheck = { test: ["CMD", "true"], interval: "1s" };
  const db = { ...file.services.db, ...composed.services.db, healthcheck };
  return JSON.stringify({ ...file, services: { web: { ...file.services.web, image: defaultImage }, db } });
};

const binary = makeStandIn({ after }, obedient);
const stromboli = await startStromboli({ after }, { config: { claude: { binary }, webhooks: { secret } } });
const { env } = await startBox({ after }, stromboli.url);
knowTrial(stromboli.place);

const newcomer = makePlace();
newcomer.configure({
  state_dir: newcomer.state,
  server: { port: 0, socket: newcomer.socket },
  defaults: { network: "none" },
  policy: { volumes: [newcomer.volumes] },
  health: { look_every: "off" },
});
knowTrial(newcomer);
knowImage(newcomer);
const stop = () => createCli(newcomer, {}).run(["daemon", "stop"]);
after(async () => {
  await stop();
  newcomer[Symbol.dispose]();
});

const hadSecret = !(await podman("secret", "inspect", "github")).failed;
after(async () => void (hadSecret || (await podman("secret", "rm", "github"))));

const runnable = inLanguage(/^(sh|console)$/)
  .filter(isRun)
  .map((block) => ({ ...block, commands: commandsOf(block) }));
const isNewcomers = ({ guide, text }: Block) =>
  /^docs\/(running-agents|sessions)/.test(guide) || /^(\.\/bin\/stromboli|stromboli daemon)/.test(text);

const guidesOf = (of: typeof runnable) => new Set(of.map(({ guide }) => guide));
const commandsIn = (of: typeof runnable, guide: string) =>
  of.filter((block) => block.guide === guide).flatMap(({ commands }) => commands);

const results = new Map<string, Typed>();
const typeAll = async (place: Place, of: typeof runnable, options: DeskOptions): Promise<void> => {
  for (const guide of guidesOf(of)) {
    const own = guide === "docs/environments.md" ? { ...options.files, "compose.yaml": guidesOwn() } : options.files;
    const desk = await makeDesk(place, { ...options, files: own });
    for (const typed of await typeCommands(commandsIn(of, guide), desk)) results.set(typed.place, typed);
  }
};

before(async () => {
  const [mine, others] = [true, false].map((is) => runnable.filter((block) => isNewcomers(block) === is));
  const options = { files, url: stromboli.url(), env: { ...env, ...variables } };
  await Promise.all([typeAll(newcomer, mine ?? [], { files }), typeAll(stromboli.place, others ?? [], options)]);
});

for (const guide of guidesOf(runnable))
  test(`the commands of ${guide} do what it says, from its top to its bottom`, () => {
    for (const command of commandsIn(runnable, guide)) {
      const { code, printed = "" } = results.get(command.place) ?? {};
      const missing = missingFrom(command.shown, printed);
      const wrong = [
        ...(code === undefined || (code === 0) === isRefused(command) ? [`ended with ${code}`] : []),
        ...missing.map((line) => `did not print ${line}`),
      ];
      assert.deepEqual(wrong, [], `${command.place}\n$ ${command.text}\n${printed}\n\n${wrong.join("\n")}`);
    }
  });

test("each block of commands is run, or says for a known reason why not", () => {
  const allowed = new Set([undefined, varying, ...reasons.map((reason) => `not run: ${reason}`)]);
  assert.deepEqual(blocks.filter(({ mark }) => !allowed.has(mark)).map(where), []);
  const languages = /^(sh|console|yaml|json|js|ts|http|nginx|)$/;
  assert.deepEqual(blocks.filter(({ language }) => !languages.test(language)).map(where), []);
});

for (const block of inLanguage(/^yaml$/).filter(isRun))
  test(`${where(block)} is a configuration, or a compose file, that is taken`, () => {
    const values = parse(block.text) as object; // what it is, the schemas find out
    if ("services" in values) readComposeFile(block.text, { DB_PASSWORD: "x" });
    else assert.deepEqual(Config.safeParse(values).error?.issues ?? [], []);
  });

for (const block of inLanguage(/^json$/))
  test(`${where(block)} is JSON, and a request or an error as the schemas have them`, () => {
    const isWhole = /^\{ *\n|^.*\n$/.test(block.text);
    const texts = isWhole ? [block.text] : block.text.trim().split("\n");
    for (const value of texts.map((text) => JSON.parse(text) as object)) {
      const schema = "prompt" in value ? RunRequest : "code" in value ? Failure.strict() : undefined;
      assert.deepEqual(schema?.safeParse(value).error?.issues ?? [], []);
    }
  });

test("the ways to check a signature of docs/webhooks.md agree with what is sent", async () => {
  const code = inLanguage(/^js$/).find(({ guide }) => guide === "docs/webhooks.md");
  const { isOurs } = (await import(
    `data:text/javascript,${encodeURIComponent(`${code?.text}export { isOurs };`)}`
  )) as {
    isOurs: (headers: Record<string, string>, body: Buffer, secret: string) => boolean;
  };
  const body = Buffer.from(signed.body);
  const sentAt = (at: number) =>
    Object.fromEntries(
      Object.entries(signatureHeaders(secret, body, at)).map(([name, value]) => [name.toLowerCase(), value]),
    );
  const now = sentAt(Date.now());
  assert.equal(isOurs(now, body, secret), true);
  assert.deepEqual(
    [isOurs(now, Buffer.from("{}"), secret), isOurs(now, body, "another"), isOurs(sentAt(signed.at), body, secret)],
    [false, false, false],
  );
  const inShell = [...results.values()].find(({ text }) => text.includes("openssl dgst"));
  assert.equal(`sha256=${inShell?.printed}`, sentAt(signed.at)["x-stromboli-signature"]);
});
