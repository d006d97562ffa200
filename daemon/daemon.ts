import { rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { getCompileCacheDir } from "node:module";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isLoopback } from "../lib/auth/open.ts";
import { checkEntries } from "../lib/jobs/volume-rules.ts";
import type { Log } from "../lib/log.ts";
import { configFolder, defaultSocket, runtimeFolder, stateFolder } from "../lib/paths.ts";
import type { Config } from "../lib/schema/config.ts";
import { openDatabase } from "../lib/store/database.ts";
import { takeLock } from "../lib/store/lock.ts";
import { createStores } from "../lib/store/stores.ts";
import { version } from "../lib/version.ts";
import { createApp } from "./app.ts";
import { createCollector } from "./garbage.ts";
import { listenOnPort, listenOnSocket } from "./listen.ts";
import { loadMetrics } from "./metrics.ts";
import { createParts } from "./parts.ts";
import { serve } from "./serve.ts";
import { makeFolders, usable } from "./state.ts";
import { loadTraces } from "./traces.ts";

/** `file`: where the configuration was read. */
export type DaemonOptions = { config: Config; file: string | undefined; env: NodeJS.ProcessEnv; log: Log };

/** Opens everything in order; disposing closes it in reverse. */
export const startDaemon = async ({ config, file, env, log }: DaemonOptions) => {
  await using stack = new AsyncDisposableStack();
  const path = config.state_dir || stateFolder(env);
  const folders = usable(path, () => makeFolders(path));
  const socket = config.server.socket || defaultSocket(env);
  const code = getCompileCacheDir(); // whoever writes there decides what the daemon runs
  const own = [
    folders.state,
    configFolder(env),
    runtimeFolder(env),
    socket,
    ...(file === undefined ? [] : [resolve(file)]),
    ...(code === undefined ? [] : [code]),
  ];
  checkEntries(config, own);
  stack.adopt(
    usable(path, () => takeLock(join(folders.state, "lock"), folders.state)),
    (lock) => lock.close(),
  );
  const db = stack.adopt(
    usable(path, () => openDatabase(join(folders.state, "stromboli.db"))),
    (open) => void open.close(),
  );

  const stores = createStores(db);
  const metrics = await loadMetrics({ config, log, jobs: stores.jobs }, stack);
  const traces = await loadTraces({ ...stores, config, env, log }, stack);
  const watched = { meter: metrics.meter, traces };
  const parts = createParts({ ...watched, config, env, log, folders, own, stores }, stack);
  const { runner, retention } = parts;
  const collector = createCollector();
  const app = createApp({ ...parts, ...watched, collector });
  const servers = [serve(app, "unix"), serve(app, "tcp")] as const;
  stack.defer(() => closeServers(servers, () => Promise.all([runner.drain(), retention[Symbol.asyncDispose]()])));
  await retention.recover();
  await runner.recover();
  retention.start();
  await listenOnSocket(servers[0], socket);
  const port = await listenOnPort(servers[1], config.server);
  await metrics.listen();
  const { host } = config.server;
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  const note = join(folders.state, "daemon.json");
  writeFileSync(note, JSON.stringify({ pid: process.pid, version, socket, url }), { mode: 0o600 });
  stack.defer(() => rmSync(note, { force: true }));
  log.info({ url, socket, state: folders.state, config: file ?? "defaults", version }, "listening");
  if (!isLoopback(host) && parts.apiTokens.list().length === 0)
    log.warn({ url }, "nobody has a token for this address yet; make one with: stromboli token create");

  parts.warnings.look();
  collector.collectAll();
  const resources = stack.move();
  return { url, socket, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/** Takes no more requests, lets the answers in flight go out, then closes what is left. */
const closeServers = async (servers: readonly Server[], drain: () => Promise<unknown>): Promise<void> => {
  const closed = servers.map(
    (server) => new Promise<void>((done) => (server.listening ? server.close(() => done()) : done())),
  );
  await drain();
  for (const server of servers) server.closeIdleConnections();
  await Promise.race([Promise.all(closed), pause(lastAnswersMs)]);
  for (const server of servers) server.closeAllConnections();
  await Promise.all(closed);
};

const lastAnswersMs = 500;
