import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as ask, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { execa } from "execa";
import { podmanEnvironment } from "../../lib/machine.ts";
import { stateFolder } from "../../lib/paths.ts";
import type { Owner } from "./harness.ts";
import { until } from "./wait.ts";

/** What bin/setup --tests fetches, or what the system has. */
const binary = [
  join(stateFolder(process.env), "docker-registry"),
  ...(process.env["PATH"] ?? "").split(":").map((folder) => join(folder, "docker-registry")),
].find((path) => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

/** Why tests of pulls are skipped; false where there is a registry for them. */
export const noRegistry = binary === undefined && "there is no docker-registry here; bin/setup --tests fetches it";

const user = { name: "ann", password: "geheim" };
const htpasswd = "ann:$2b$05$abcdefghijklmnopqrstuuVWu8RjbNovPZWAMRdd7iqaaG0mI53Uu\n";

/**
 * A real registry on loopback, and a gate before it that can hold back layers and counts what is asked for. `env` is what
 * Podman needs to speak to it without TLS. Where there is no registry for tests, the gate leads nowhere.
 */
export const startRegistry = async (t: Owner, { locked = false }: { locked?: boolean } = {}) => {
  const folder = mkdtempSync("/tmp/stromboli-e2e-registry-");
  const behind = await freePort();
  const auth = locked ? { auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } } } : {};
  const storage = { filesystem: { rootdirectory: join(folder, "data") } };
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "htpasswd"), htpasswd);
  const config = { version: "0.1", log: { level: "error" }, storage, http: { addr: `127.0.0.1:${behind}` }, ...auth };
  writeFileSync(join(folder, "config.yml"), JSON.stringify(config)); // JSON is YAML
  const gate = await openGate(behind);
  if (binary !== undefined) await startProcess(t, { binary, folder, url: `http://127.0.0.1:${behind}/v2/` });
  t.after(async () => {
    gate.close();
    rmSync(folder, { recursive: true });
  });

  const host = `127.0.0.1:${gate.port}`;
  const env = {
    CONTAINERS_REGISTRIES_CONF: join(folder, "registries.conf"),
    REGISTRY_AUTH_FILE: join(folder, "auth.json"),
  };
  writeFileSync(env.REGISTRY_AUTH_FILE, "{}");
  writeFileSync(env.CONTAINERS_REGISTRIES_CONF, `[[registry]]\nlocation = "${host}"\ninsecure = true\n`);
  const podman = (...argv: readonly string[]) =>
    execa("podman", argv, { env: { ...podmanEnvironment(process.env), ...env }, extendEnv: false });
  return {
    host,
    env,
    gate,
    /** Has the registry hold an image of this machine under a name, which this machine then does not know. */
    async push(image: string, name: string): Promise<string> {
      const reference = `${host}/${name}`;
      const credentials = locked ? [`--creds=${user.name}:${user.password}`] : [];
      await podman("push", "--quiet", ...credentials, image, `docker://${reference}`);
      t.after(async () => void (await podman("rmi", "--force", "--ignore", reference)));
      return reference;
    },
    login: () => podman("login", `--username=${user.name}`, `--password=${user.password}`, host),
    podman,
  };
};

const startProcess = async (
  t: Owner,
  { binary: path, folder, url }: { binary: string; folder: string; url: string },
) => {
  const child = spawn(path, ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  t.after(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await until("the registry to answer", answers);
};

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  await new Promise((closed) => server.close(closed));
  return port;
};

/** Passes requests on to the registry. While it is shut, layers begin and do not go on. */
const openGate = async (behind: number) => {
  const held = new Set<() => void>();
  const asked: string[] = [];
  let isShut = false;
  const server = createServer((request, response) => {
    const { url: path = "/", method = "GET", headers } = request;
    asked.push(`${method} ${path}`);
    const pass = (answer: IncomingMessage) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      if (!isShut || method !== "GET" || !path.includes("/blobs/")) {
        answer.pipe(response);
        return;
      }
      answer.once("data", (first: Buffer) => {
        answer.pause();
        response.write(first.subarray(0, 1));
        held.add(() => {
          response.write(first.subarray(1));
          answer.pipe(response);
        });
      });
    };
    const inner = ask({ host: "127.0.0.1", port: behind, path, method, headers }, pass);
    inner.on("error", () => response.destroy());
    request.pipe(inner);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const open = (): void => {
    isShut = false;
    for (const release of held) release();
    held.clear();
  };

  return {
    port: (server.address() as AddressInfo).port,
    /** Shuts it until it is opened, at the latest after the test. */
    shutFor(t: TestContext): void {
      isShut = true;
      t.after(open);
    },
    open,
    /** Until a layer is being downloaded and held back. */
    holding: () => until("a layer to be asked for", () => held.size > 0),
    /** How many times something was asked for. */
    count: (pattern: RegExp) => asked.filter((line) => pattern.test(line)).length,
    forget(): void {
      asked.length = 0;
      held.clear();
    },
    close(): void {
      server.closeAllConnections();
      server.close();
    },
  };
};
