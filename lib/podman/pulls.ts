import { messageOf, StromboliError } from "../errors.ts";
import { createBell } from "../jobs/bell.ts";
import type { Log } from "../log.ts";
import { createTasks } from "../tasks.ts";
import type { Order, Registry } from "./registry.ts";

type Going = ReturnType<typeof createGoing>;
export type Pulls = ReturnType<typeof createPulls>;
/** A pull as one of those sees it who want its image. */
export type Joined = {
  /** The image's id; fails once the caller's own signal aborts. */
  done: Promise<string>;
  /** What Podman says, from the beginning, until the pull has ended. */
  lines: () => AsyncGenerator<string>;
};

/** Pulls of images: one for each reference at a time, ended when the last who wants it has gone. */
export const createPulls = ({ registry, log }: { registry: Pick<Registry, "pull">; log: Log }) => {
  const going = new Map<string, Going>();
  const tasks = createTasks();

  const begin = (key: string, order: Order): Going => {
    const pull = createGoing(registry, order);
    going.set(key, pull);
    const forget = () => {
      if (going.get(key) === pull) going.delete(key);
    };
    pull.stop.signal.addEventListener("abort", forget); // who comes now begins anew
    const ended = pull.done.finally(forget).then(
      (id) => log.info({ image: order.reference, id }, "image pulled"),
      (error: unknown) => log.warn({ image: order.reference, error: messageOf(error) }, "image not pulled"),
    );
    void tasks.keep(ended);
    return pull;
  };

  return {
    join(order: Order, signal: AbortSignal): Joined {
      const key = JSON.stringify([order.reference, order.platform ?? ""]);
      return (going.get(key) ?? begin(key, order)).join(signal);
    },
    /** Ends all of them. */
    async [Symbol.asyncDispose](): Promise<void> {
      for (const pull of going.values()) pull.stop.abort();
      await tasks.done();
    },
  };
};

const createGoing = (registry: Pick<Registry, "pull">, order: Order) => {
  const stop = new AbortController();
  const bell = createBell();
  const said: string[] = [];
  let clients = 0;
  let over = false;
  const onLine = (line: string) => {
    said.push(line);
    bell.ring();
  };
  const done = registry.pull(order, { signal: stop.signal, onLine }).finally(() => {
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
        left.reject(new StromboliError("shutting_down", `the pull of ${order.reference} was given up`));
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
