import pLimit from "p-limit";
import { messageOf, StromboliError } from "../errors.ts";
import { createBell } from "../jobs/bell.ts";
import type { Log } from "../log.ts";
import { createTasks } from "../tasks.ts";
import type { Registry } from "./registry.ts";

type Going = ReturnType<typeof createGoing>;
export type Pulls = ReturnType<typeof createPulls>;
/** A pull as one of those sees it who want its image. */
export type Joined = {
  /** The image's id; fails once the caller's own signal aborts. */
  done: Promise<string>;
  /** What Podman says, from the beginning, until the pull has ended. */
  lines: () => AsyncGenerator<string>;
};

/** Each may take all of the line and the disk; who has to wait is told so. */
const pullsAtOnce = 3;

/** Pulls of images: one for each reference and some in all at a time, ended when the last who wants it has gone. */
export const createPulls = ({ registry, log }: { registry: Pick<Registry, "pull">; log: Log }) => {
  const going = new Map<string, Going>();
  const tasks = createTasks();
  const some = pLimit(pullsAtOnce);
  const pullInTurn: Registry["pull"] = (reference, options) => {
    if (some.activeCount === pullsAtOnce) options.onLine("Waiting for other pulls to end...");
    return some(() => {
      if (options.signal.aborted) throw givenUp(reference);
      return registry.pull(reference, options);
    });
  };

  const begin = (reference: string): Going => {
    const pull = createGoing(pullInTurn, reference);
    going.set(reference, pull);
    const forget = () => {
      if (going.get(reference) === pull) going.delete(reference);
    };
    pull.stop.signal.addEventListener("abort", forget); // who comes now begins anew
    const ended = pull.done.finally(forget).then(
      (id) => log.info({ image: reference, id }, "image pulled"),
      (error: unknown) => log.warn({ image: reference, error: messageOf(error) }, "image not pulled"),
    );
    void tasks.keep(ended);
    return pull;
  };

  return {
    join: (reference: string, signal: AbortSignal): Joined => (going.get(reference) ?? begin(reference)).join(signal),
    /** Ends all of them. */
    async [Symbol.asyncDispose](): Promise<void> {
      for (const pull of going.values()) pull.stop.abort();
      await tasks.done();
    },
  };
};

const givenUp = (reference: string) => new StromboliError("shutting_down", `the pull of ${reference} was given up`);

const createGoing = (pull: Registry["pull"], reference: string) => {
  const stop = new AbortController();
  const bell = createBell();
  const said: string[] = [];
  let clients = 0;
  let over = false;
  const onLine = (line: string) => {
    said.push(line);
    bell.ring();
  };
  const done = pull(reference, { signal: stop.signal, onLine }).finally(() => {
    over = true;
    bell.ring();
  });
  async function* lines(signal: AbortSignal): AsyncGenerator<string> {
    for (let read = 0; !signal.aborted;) {
      const heard = bell.count();
      const last = over;
      const fresh = said.slice(read);
      read += fresh.length;
      yield* fresh;
      if (last) return;
      await bell.since(heard, signal);
    }
  }

  return {
    stop,
    done,
    join(signal: AbortSignal): Joined {
      clients += 1;
      const left = Promise.withResolvers<never>();
      const leave = () => {
        left.reject(givenUp(reference));
        clients -= 1;
        if (clients === 0 && !over) stop.abort();
      };
      if (signal.aborted) leave();
      else signal.addEventListener("abort", leave, { once: true });
      const mine = Promise.race([done, left.promise]).finally(() => signal.removeEventListener("abort", leave));
      mine.catch(() => {}); // whoever waits for it is told
      return { done: mine, lines: () => lines(signal) };
    },
  };
};
