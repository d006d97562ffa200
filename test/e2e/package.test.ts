import assert from "node:assert/strict";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { execa } from "execa";
import { version } from "../../lib/version.ts";
import { readBlocks } from "./guide.ts";
import { environmentOf, makePlace } from "./place.ts";

/**
 * The package as `npm install --global` lays it out, from the tarball of `npm run pack`. What it depends on is not fetched
 * again but linked, and only that: a package that the tests alone have is missing there.
 */
const root = join(import.meta.dirname, "../..");
const place = makePlace();
const folder = mkdtempSync("/tmp/stromboli-e2e-package-");
const installed = join(folder, "lib/node_modules/stromboli");
const app = join(folder, "app");
const env = environmentOf(place, { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}` });
const tools = { cwd: app, env, extendEnv: false } as const;
const stromboli = (...args: string[]) => execa(join(folder, "bin/stromboli"), args, { ...tools, cwd: "/" });

before(async () => {
  for (const path of [installed, app, join(folder, "bin")]) mkdirSync(path, { recursive: true });
  const checkout = join(folder, "checkout");
  const ours =
    /^(|bin|dist|daemon|docs|examples|lib|migrations|[^/]+\.(json|yaml|md)|Containerfile|LICENSE|\.npmrc|(bin|daemon|docs|examples|lib|migrations)\/.*)$/;
  cpSync(root, checkout, { recursive: true, filter: (path) => ours.test(relative(root, path)) });
  symlinkSync(join(root, "node_modules"), join(checkout, "node_modules"));
  const npm = await execa("npm", ["run", "pack", "--offline"], { ...tools, cwd: checkout });
  await execa("tar", ["-xzf", npm.stdout.trim().split("\n").at(-1) ?? "", "-C", installed, "--strip-components=1"], {
    cwd: checkout,
  });
  linkDependencies();
  symlinkSync("../lib/node_modules/stromboli/bin/stromboli", join(folder, "bin/stromboli"));
  mkdirSync(join(app, "node_modules"));
  symlinkSync(installed, join(app, "node_modules/stromboli"));
  writeFileSync(join(app, "package.json"), '{ "type": "module" }');
});

after(() => {
  place[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

/** The lock file says what is there for development alone. */
const linkDependencies = (): void => {
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  for (const [path, { dev, devOptional }] of Object.entries(lock.packages)) {
    const top = /^node_modules\/((@[^/]+\/)?[^/]+)$/.test(path);
    const there = top && globSync(path, { cwd: root }).length > 0; // what is for another platform is not
    if (!there || dev || devOptional) continue;
    mkdirSync(dirname(join(installed, path)), { recursive: true });
    symlinkSync(join(root, path), join(installed, path));
  }
};
type Lock = { packages: Record<string, { dev?: boolean; devOptional?: boolean }> };

const written = (name: string, text: string): string => {
  writeFileSync(join(app, name), text);
  return name;
};

test("the package has what it needs and nothing else", () => {
  assert.deepEqual(readdirSync(installed).toSorted(), [
    "CHANGELOG.md", "Containerfile", "LICENSE", "README.md", "bin", "daemon", "dist", "docs", "examples", "lib",
    "migrations", "node_modules", "package.json", "stromboli.yaml",
  ]); // prettier-ignore
  assert.deepEqual(globSync("{bin,daemon,lib,dist}/**/*.test.*", { cwd: installed }), []);
});

test("the command works from any folder", async () => {
  assert.match((await stromboli("version")).stdout, new RegExp(`^stromboli ${version}\n`));
  assert.match((await stromboli("--help")).stdout, /stromboli run --demo/);
});

test("its daemon starts, and the client of the package talks to it", async () => {
  place.configure({ state_dir: place.state, server: { port: 0, socket: place.socket } });
  await stromboli("daemon", "start");
  try {
    const url = `unix://${place.socket}`;
    const file = written(
      "main.js",
      `
      import { Stromboli } from "stromboli";
      const { name, version } = await new Stromboli({ url: ${JSON.stringify(url)} }).health();
      console.log(name, version);
    `,
    );
    assert.equal((await execa(process.execPath, [file], tools)).stdout, `stromboli ${version}`);
  } finally {
    await stromboli("daemon", "stop");
  }
});

test("a bundler for browsers takes the client without anything of Node's", async () => {
  const file = written("page.js", `import { Stromboli } from "stromboli";\nnew Stromboli().health();\n`);
  const bundle = join(app, "bundle.js");
  await execa(
    join(root, "node_modules/.bin/esbuild"),
    [file, "--bundle", "--platform=browser", `--outfile=${bundle}`],
    tools,
  );
  const page = await execa(process.execPath, [written("bundle.cjs", readFileSync(bundle, "utf8"))], {
    ...tools,
    reject: false,
  });
  assert.match(page.stderr, /ClientError: there are no unix sockets here; give the daemon's url/);
});

const typesOf = async (...names: readonly string[]) => {
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--types", ""];
  const { exitCode, stdout } = await execa(join(root, "node_modules/.bin/tsc"), [...options, ...names], {
    ...tools,
    reject: false,
  });
  return { exitCode, stdout };
};

test("the client has types, which say what fits and what does not", async () => {
  const file = written(
    "main.ts",
    `
    import { ClientError, Stromboli, type RunEvent } from "stromboli";
    const stromboli = new Stromboli();
    const { output, outcome } = await stromboli.run({ prompt: "hi", podman: { memory: "1g" } });
    const said: [string, "succeeded" | "budget"] = [output, outcome === "budget" ? outcome : "succeeded"];
    for await (const event of stromboli.stream({ prompt: "hi" })) {
      const seen: RunEvent = event;
      if (seen.kind === "done") console.log(seen.job.usage?.estimated_cost_usd.toFixed(2), said);
    }
    // @ts-expect-error: there is no such field
    await stromboli.jobs.submit({ promt: "hi" }).catch((error: unknown) => error instanceof ClientError && error.code);
  `,
  );
  assert.deepEqual(await typesOf(file), { exitCode: 0, stdout: "" });
});

test("what docs/clients.md shows of the client fits its types", async () => {
  const begin = `import { Stromboli } from "stromboli";\n`;
  const blocks = readBlocks("docs/clients.md").filter(({ language }) => language === "ts");
  const files = blocks.map(({ line, text }) => {
    const made = text.includes("new Stromboli(") ? "" : "const stromboli = new Stromboli();\n";
    const program = `${text.includes("import ") ? "" : begin}${made}${text}\nexport {};`;
    return written(
      `clients-${line}.ts`,
      `declare const process: { env: Record<string, string | undefined> };\n${program}`,
    );
  });
  assert.equal(files.length, 3);
  assert.deepEqual(await typesOf(...files), { exitCode: 0, stdout: "" });
});
