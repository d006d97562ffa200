import { randomBytes, randomUUID } from "node:crypto";
import { chownSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { findMachine } from "../../lib/machine.ts";
import type { Config } from "../../lib/schema/config.ts";
import { openDatabase } from "../../lib/store/database.ts";
import { createImageStore } from "../../lib/store/images.ts";
import { createCalls } from "./calls.ts";
import { startModel } from "./model.ts";
import { makePlace, type Place } from "./place.ts";
import { containersWith, podman, rootful } from "./podman.ts";
import { spawnDaemon, startProcess } from "./process.ts";
import { createRecords } from "./records.ts";

/** A test, or the whole file: `{ after }` of node:test. */
export type Owner = { after: (clean: () => Promise<void>) => void };
export type StromboliOptions = { config?: z.input<typeof Config>; env?: NodeJS.ProcessEnv; args?: readonly string[] };
export type Stromboli = Awaited<ReturnType<typeof startStromboli>>;

/** An unprivileged user for volumes where the daemon is root; else volumes are the user's own. */
export const volumeOwner = rootful ? 4321 : (process.getuid?.() ?? 0);

/** The real daemon on real Podman with the real CLI; behind it a scripted model whose key it alone holds. */
export const startStromboli = async (t: Owner, { config = {}, env = {}, args = [] }: StromboliOptions = {}) => {
  await using stack = new AsyncDisposableStack();
  const key = `sk-ant-e2e-${randomBytes(16).toString("hex")}`;
  const model = stack.use(await startModel(key));
  const place = stack.use(makePlace());
  const configure = (values: z.input<typeof Config>) =>
    place.configure(completed(values, { place, modelUrl: model.url }));
  configure(config);
  const options = { env: { ANTHROPIC_API_KEY: key, ...env }, args };
  let daemon = await startProcess(place, options);
  knowImage(place);
  const label = `stromboli.state=${findMachine(place.state).stateLabel}`;
  stack.defer(async () => {
    await daemon.end("SIGTERM");
    await removeLeftovers(label);
  });
  const resources = stack.move();
  t.after(() => resources.disposeAsync());

  return {
    key,
    model,
    place,
    label,
    ...createCalls(() => daemon.url),
    ...createRecords(place.state),
    /** Another configuration for the next start. */
    configure,
    url: () => daemon.url,
    pid: () => daemon.pid,
    log: () => readFileSync(place.log, "utf8"),
    exited: () => daemon.exited,
    /** Ends the daemon's process; SIGKILL gives it no chance to tidy up. */
    end: (signal: NodeJS.Signals) => daemon.end(signal),
    start: async (): Promise<void> => {
      daemon = await startProcess(place, options);
    },
    /** Starts a daemon that is left to its caller, who ends it before the next one starts. */
    spawn: () => spawnDaemon(place, options),
    containers: () => containersWith(label),
    workspace: (session: string) => join(place.state, "sessions", session, "workspace"),
    /** A folder that agents may mount, with the path inside it. */
    makeVolume: (uid = volumeOwner): string => {
      const path = join(place.volumes, randomUUID().slice(0, 8));
      mkdirSync(path);
      if (rootful) chownSync(path, uid, uid);
      return path;
    },
  };
};

/** What a test says of the configuration, and what all of them need: no fixed port, short waits. */
const completed = (config: z.input<typeof Config>, { place, modelUrl }: { place: Place; modelUrl: string }) => ({
  ...config,
  state_dir: place.state,
  server: { port: 0, socket: place.socket, shutdown_grace: "5s", ...config.server },
  claude: { api_url: modelUrl, ...config.claude },
  defaults: { network: "none" as const, ...config.defaults }, // to make one takes a fifth of a run's CPU
  podman: { stop_grace: "1s", ...config.podman },
  health: { look_every: "off" as const, ...config.health }, // a look takes as much CPU as a run
  policy: { volumes: [place.volumes], ...config.policy },
});

/**
 * What a look into the default image finds, a Debian, so that not each new daemon spends a second of CPU on it. test/run.ts
 * gives the image's id; images.test.ts has the looks, and so has every file that is run by itself.
 */
export const knowImage = ({ state }: Place): void => {
  const id = process.env["E2E_IMAGE"];
  if (!id) return;
  mkdirSync(state, { recursive: true, mode: 0o700 });
  using stack = new DisposableStack();
  const db = stack.adopt(openDatabase(join(state, "stromboli.db")), (open) => void open.close());
  createImageStore(db).remember(id, { libc: "glibc", shell: true, tools: ["bash", "sh", "git"] }, Date.now());
};

/** Nothing may be left when the daemon has ended in peace; what is, goes, and the file fails. */
const removeLeftovers = async (label: string): Promise<void> => {
  const names = await containersWith(label);
  if (names.length === 0) return;
  await podman("rm", "--force", "--time=0", ...names);
  throw new Error(`the daemon left containers behind: ${names.join(", ")}`);
};
