import { mkdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { createCliFinder } from "../lib/agent/binary.ts";
import { createBroker, socketName } from "../lib/broker/broker.ts";
import { createUpstream } from "../lib/broker/upstream.ts";
import { findCredential } from "../lib/credentials.ts";
import { createScriptedModel } from "../lib/demo/model.ts";
import { messageOf, StromboliError } from "../lib/errors.ts";
import { createHealth } from "../lib/health.ts";
import { jobFolder } from "../lib/jobs/folder.ts";
import { createRunner, type Runner } from "../lib/jobs/runner.ts";
import type { Log } from "../lib/log.ts";
import { findMachine, podmanEnvironment } from "../lib/machine.ts";
import { defaultSocket, stateFolder } from "../lib/paths.ts";
import { createContainers } from "../lib/podman/containers.ts";
import { createImages } from "../lib/podman/images.ts";
import { createPodman } from "../lib/podman/podman.ts";
import { createSecrets } from "../lib/podman/secrets.ts";
import type { Config } from "../lib/schema/config.ts";
import { createSessions } from "../lib/sessions.ts";
import { createApiRequestStore } from "../lib/store/api-requests.ts";
import { openDatabase } from "../lib/store/database.ts";
import { createImageStore } from "../lib/store/images.ts";
import { createJobStore } from "../lib/store/jobs.ts";
import { takeLock } from "../lib/store/lock.ts";
import { createSessionStore } from "../lib/store/sessions.ts";
import { version } from "../lib/version.ts";
import { createApp, type App } from "./app.ts";
import { listenOnPort, listenOnSocket, longestSocketPath } from "./listen.ts";

export type DaemonOptions = { config: Config; env: NodeJS.ProcessEnv; log: Log };

/** Opens everything in order; disposing closes it in reverse. */
export const startDaemon = async ({ config, env, log }: DaemonOptions) => {
  refuseOpenHost(config.server.host);
  await using stack = new AsyncDisposableStack();
  const path = config.state_dir || stateFolder(env);
  const folders = usable(path, () => makeFolders(path));
  stack.adopt(
    usable(path, () => takeLock(join(folders.state, "lock"), folders.state)),
    (lock) => lock.close(),
  );
  const db = stack.adopt(
    usable(path, () => openDatabase(join(folders.state, "stromboli.db"))),
    (open) => void open.close(),
  );

  const now = Date.now;
  const credential = () => findCredential(env);
  const machine = findMachine(folders.state);
  const podman = createPodman({ binary: config.podman.binary, env: podmanEnvironment(env) });
  const cli = createCliFinder(config);
  const requests = createApiRequestStore(db);
  const sessionStore = createSessionStore(db);
  const upstream = stack.adopt(createUpstream(config.claude.api_url, env), (open) => open.close());
  const runner = createRunner({
    config,
    machine,
    db,
    cli,
    requests,
    sessionStore,
    credential,
    log,
    now,
    jobsFolder: folders.jobs,
    jobs: createJobStore(db),
    sessions: createSessions({ folder: folders.sessions, store: sessionStore }),
    containers: createContainers(podman),
    images: createImages({ podman, store: createImageStore(db), label: `stromboli.state=${machine.stateLabel}`, now }),
    secrets: createSecrets(podman),
    broker: createBroker({ upstream, credential, demo: createScriptedModel(), record: requests.insert, log, now }),
  });

  const health = createHealth({ podman, db, cli, credential, now });
  const app = createApp({ config, runner, health, credential, log });
  const servers = [serve(app), serve(app)] as const; // one for the socket, one for the port
  stack.defer(() => closeServers(servers, runner));
  await runner.recover();
  const socket = config.server.socket || defaultSocket(env);
  await listenOnSocket(servers[0], socket);
  const port = await listenOnPort(servers[1], config.server);
  const { host } = config.server;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const note = join(folders.state, "daemon.json");
  writeFileSync(note, JSON.stringify({ pid: process.pid, version, socket, url }), { mode: 0o600 });
  stack.defer(() => rmSync(note, { force: true }));
  log.info({ url, socket, state: folders.state, version }, "listening");

  const resources = stack.move();
  return { url, socket, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

const serve = (app: App): Server => {
  const answer = getRequestListener(app.fetch);
  return createServer((request, response) => void answer(request, response));
};

/** A state folder that is read-only, full or spoilt is the user's to mend, and no bug of ours. */
const usable = <Value>(path: string, open: () => Value): Value => {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof StromboliError) throw cause;
    throw new StromboliError("config_invalid", `the state folder ${path} cannot be used: ${messageOf(cause)}`, {
      cause,
    });
  }
};

const makeFolders = (path: string) => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const state = realpathSync(path);
  const folders = { state, jobs: join(state, "jobs"), sessions: join(state, "sessions") };
  if (/[:\p{Cc}]/u.test(state)) {
    throw new StromboliError(
      "config_invalid",
      `Podman cannot mount from ${state}: set state_dir to a path without colons`,
    );
  }
  if (Buffer.byteLength(join(jobFolder(folders.jobs, "run-0123456789abcdef").broker, socketName)) > longestSocketPath) {
    throw new StromboliError(
      "config_invalid",
      `the path ${state} is too long for the sockets below it; set state_dir to a shorter one`,
    );
  }
  mkdirSync(folders.jobs, { recursive: true, mode: 0o700 });
  mkdirSync(folders.sessions, { recursive: true, mode: 0o700 });
  return folders;
};

/** Who can reach the port can run agents; without authentication that is this machine's own affair. */
const refuseOpenHost = (host: string): void => {
  if (/^(127(\.\d{1,3}){3}|::1|localhost)$/.test(host)) return;
  throw new StromboliError(
    "config_invalid",
    `server.host ${host} is not a loopback address, and this version has no authentication; put a reverse proxy in front`,
  );
};

/** Takes no more requests, lets the answers in flight go out, then closes what is left. */
const closeServers = async (servers: readonly Server[], runner: Runner): Promise<void> => {
  const closed = servers.map(
    (server) => new Promise<void>((done) => (server.listening ? server.close(() => done()) : done())),
  );
  await runner.drain();
  for (const server of servers) server.closeIdleConnections();
  await Promise.race([Promise.all(closed), pause(lastAnswersMs)]);
  for (const server of servers) server.closeAllConnections();
  await Promise.all(closed);
};

const lastAnswersMs = 500;
