import { readdirSync } from "node:fs";
import { execa } from "execa";
import { findMachine } from "../../lib/machine.ts";
import { startStromboli, type Owner, type StromboliOptions } from "./harness.ts";
import { imageFrom, podman } from "./podman.ts";
import { noRegistry, startRegistry } from "./registry.ts";

/** A daemon, a registry that it may pull from, and what tests of pulls look at. */
export const openPulling = async (t: Owner, options: StromboliOptions = {}) => {
  const registry = await startRegistry(t);
  const tiny = noRegistry ? "" : await imageFrom(t, ["/etc/empty"]);
  const stromboli = await startStromboli(t, { ...options, env: registry.env });
  const post = (body: object, init: RequestInit = {}) =>
    stromboli.send("/images/pull", { method: "POST", body: JSON.stringify(body), ...init });
  const mark = `stromboli-pull-${findMachine(stromboli.place.state).stateLabel}-`;

  return {
    stromboli,
    registry,
    gate: registry.gate,
    host: registry.host,
    /** POST /images/pull to its end. */
    pull: async (image: string, more: object = {}) => {
      const answer = await post({ image, ...more });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    },
    /** The same by somebody who can hang up. */
    waitFor: (image: string, accept = "application/json") => {
      const client = new AbortController();
      const answer = post({ image }, { headers: { accept }, signal: client.signal });
      answer.catch(() => {});
      return { answer, hangUp: () => client.abort() };
    },
    /** A tiny image in the registry, or another one, under a name that is not known here. */
    pushed: async (name: string, image = tiny): Promise<string> => {
      const reference = await registry.push(image, name);
      registry.gate.forget();
      return reference;
    },
    isHere: async (image: string): Promise<boolean> => (await podman("image", "exists", image)).exitCode === 0,
    /** Folders for downloads that the daemon has now. */
    downloads: () => readdirSync("/var/tmp").filter((name) => name.startsWith(mark)),
    /** Processes that pull an image now. */
    pullsOf: async (reference: string) => {
      const { stdout } = await execa("ps", ["-eo", "args"], { reject: false });
      return stdout.split("\n").filter((line) => line.includes(`pull -- ${reference}`));
    },
  };
};
