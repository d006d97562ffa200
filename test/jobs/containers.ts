import { writeSync } from "node:fs";
import { StromboliError } from "../../lib/errors.ts";
import type { ContainerSpec } from "../../lib/podman/argv.ts";
import type { Containers, Inspected } from "../../lib/podman/containers.ts";
import type { ContainerEnd, Ends } from "../../lib/podman/ends.ts";
import type { Files } from "../../lib/podman/podman.ts";

export const running: Inspected = { id: "abc", status: "running", pid: 0, exitCode: 0, oomKilled: false };

type State = {
  /** What agents write first. */
  output: string;
  startsWith: number;
  inspected: Inspected | undefined;
  labelled: readonly string[];
  /** Called when a container is about to start, and waited for. */
  onStart: (spec: ContainerSpec) => Promise<void> | void;
};

/** Containers that run as long as a test wants: what they were asked, and their ends. */
export const createFakeContainers = () => {
  const asked: string[] = [];
  const started: ContainerSpec[] = [];
  const exits = createExits();
  const state: State = { output: "", startsWith: 0, inspected: running, labelled: [], onStart: () => {} };
  const containers: Containers = {
    async start(spec: ContainerSpec, files: Files) {
      started.push(spec);
      await state.onStart(spec);
      writeSync(files.stdout, state.output);
      return state.startsWith;
    },
    stop(name: string) {
      asked.push(`stop ${name}`);
      exits.of(name).resolve({ exitCode: 130, at: undefined });
      return Promise.resolve();
    },
    inspect: () => Promise.resolve(state.inspected),
    remove: (name: string) => Promise.resolve(String(asked.push(`remove ${name}`))),
    states: () => Promise.resolve(new Map(state.labelled.map((name) => [name, { status: "exited", pid: 0 }]))),
  };
  const ends: Ends = {
    expect: () => {},
    ended: (name, { signal }) => {
      asked.push(`wait ${name}`);
      return Promise.race([exits.of(name).promise, givenUp(signal)]);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };

  return {
    asked,
    started,
    state,
    containers,
    ends,
    /** Has Podman do something else, made of what it does. */
    replace: <Name extends keyof Containers>(name: Name, make: (real: Containers[Name]) => Containers[Name]): void => {
      containers[name] = make(containers[name]);
    },
    /** Ends the container of a job; without a code it has vanished. */
    exit: (id: string, code: number | undefined): void =>
      exits.of(`stromboli-${id}`).resolve(code === undefined ? undefined : { exitCode: code, at: undefined }),
  };
};

const createExits = () => {
  const exits = new Map<string, PromiseWithResolvers<ContainerEnd | undefined>>();
  return {
    of(name: string): PromiseWithResolvers<ContainerEnd | undefined> {
      const exit = exits.get(name) ?? Promise.withResolvers<ContainerEnd | undefined>();
      exits.set(name, exit);
      return exit;
    },
  };
};

const givenUp = (signal: AbortSignal): Promise<never> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new StromboliError("shutting_down", "given up"));
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  return promise;
};

/** The id of the job whose container this is. */
export const jobOf = ({ name }: ContainerSpec): string => name.replace("stromboli-", "");
