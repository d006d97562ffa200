import { join } from "node:path";
import { createCliFinder } from "../agent/binary.ts";
import { findCredential, type Credential } from "../credentials.ts";
import { messageOf } from "../errors.ts";
import { findMachine, podmanEnvironment } from "../machine.ts";
import { configFolder, defaultSocket, runtimeFolder, stateFolder } from "../paths.ts";
import { createPodman } from "../podman/podman.ts";
import type { Config } from "../schema/config.ts";
import { cliVersion } from "../version.ts";
import { judgeAnswer, judgeCli, judgeCredential } from "./claude.ts";
import { judgeDatabase, judgeFolders, judgePort, judgeSocket } from "./files.ts";
import { failure, type Check, type Verdict } from "./finding.ts";
import { credentialFacts, folderAt, newestIn } from "./look.ts";
import { judgeClock, judgeNode } from "./machine.ts";
import { askApi, type Heard } from "./online.ts";
import { judgePodman } from "./podman.ts";
import { quickChecks, type Place } from "./quick.ts";
import { lookAtPort, lookAtSocket } from "./sockets.ts";
import { tryContainer } from "./trial.ts";

export type DoctorOptions = {
  config: Config;
  /** What is to be said of the configuration itself. */
  configuration: Verdict;
  env: NodeJS.ProcessEnv;
  /** Whether the model API may be asked. */
  online: boolean;
  /** What credential the running daemon has, which sees another environment; nothing where none runs. */
  askDaemon: (socket: string) => Promise<Credential["kind"] | "none" | undefined>;
};

/** All checks, in the order in which they are told. */
export const allChecks = ({ config, configuration, env, online, askDaemon }: DoctorOptions): Check[] => {
  const state = config.state_dir || stateFolder(env);
  const podman = createPodman({ binary: config.podman.binary, env: podmanEnvironment(env) });
  const place = { config, env, podman, state };
  const { info, checks } = quickChecks(place);
  const cli = createCliFinder(config, { fetched: join(stateFolder(env), "claude-musl") });
  const version = config.claude.binary ? "of your own" : cliVersion;
  const api = online ? hear(config, env) : undefined;
  return [
    { name: "node", look: () => judgeNode({ version: process.version, path: process.execPath }) },
    { name: "configuration", look: () => configuration },
    { name: "podman", look: () => info().then(judgePodman, unusable) },
    ...checks,
    { name: "claude", look: () => judgeCli({ glibc: cli.glibc(), musl: cli.musl(), version }) },
    { name: "credentials", look: async () => judgeCredential(credentialFacts(env, await askDaemon(socketOf(place)))) },
    { name: "api", look: async () => maybe((await api)?.answer, judgeAnswer) },
    ...fileChecks(place),
    {
      name: "clock",
      look: async () => judgeClock({ nowMs: Date.now(), newestMs: newestIn(state), serverMs: (await api)?.serverMs }),
    },
    {
      name: "trial",
      look: async () => {
        const binary = cli.glibc();
        const isReady =
          binary !== undefined &&
          (await info().then(
            () => hasImage(place),
            () => false,
          ));
        return isReady ? tryContainer({ ...place, machine: findMachine(state), binary }) : undefined;
      },
    },
  ];
};

/** What Stromboli keeps on the disk, and where it listens. */
const fileChecks = (place: Place): Check[] => {
  const { config, env, state } = place;
  const socket = socketOf(place);
  const folders = [state, configFolder(env), runtimeFolder(env)];
  return [
    { name: "folders", look: () => judgeFolders(folders.flatMap(folderAt)) },
    {
      name: "database",
      look: async () => {
        const { lookAtDatabase } = await import("./database.ts"); // SQLite's own binary may be what is broken
        return judgeDatabase(lookAtDatabase(join(state, "stromboli.db")));
      },
    },
    { name: "socket", look: async () => judgeSocket(await lookAtSocket(socket)) },
    {
      name: "port",
      look: async () => {
        const { found } = await lookAtSocket(socket);
        return judgePort(await lookAtPort(config.server, state, found === "answers"));
      },
    },
  ];
};

const socketOf = ({ config, env }: Place): string => config.server.socket || defaultSocket(env);

const unusable = (error: unknown): Verdict => ({
  ...failure(messageOf(error), "type: stromboli setup; stromboli doctor --fix does it as well"),
  fix: { kind: "setup", args: [] },
});

const hasImage = async ({ podman, config }: Place): Promise<boolean> =>
  (await podman.call(["image", "exists", config.podman.image])).exitCode === 0;

/** Without a credential there is nothing to try, and another check says so. */
const hear = async ({ claude }: Config, env: NodeJS.ProcessEnv): Promise<Heard | undefined> => {
  try {
    const credential = findCredential(env);
    return credential && (await askApi({ apiUrl: claude.api_url, credential, env }));
  } catch {
    return undefined;
  }
};

const maybe = <Value, Result>(value: Value | undefined, then: (value: Value) => Result): Result | undefined =>
  value === undefined ? undefined : then(value);
