import type { Meter } from "../metrics/meter.ts";
import type { Podman } from "./podman.ts";

/** The same Podman, each call timed; the watches that go on for ever are not. */
export const measured = (podman: Podman, { podmanCalled }: Pick<Meter, "podmanCalled">): Podman => {
  const timed = async <Value>(
    argv: readonly string[],
    work: () => Promise<Value>,
    isGood: (value: Value) => boolean,
  ): Promise<Value> => {
    const began = performance.now();
    let failed = true;
    try {
      const value = await work();
      failed = !isGood(value);
      return value;
    } finally {
      podmanCalled({ verb: argv[0] ?? "", failed, seconds: (performance.now() - began) / 1000 });
    }
  };

  return {
    ...podman,
    call: (argv, options) =>
      timed(
        argv,
        () => podman.call(argv, options),
        ({ exitCode }) => exitCode === 0,
      ),
    output: (argv, options) =>
      timed(
        argv,
        () => podman.output(argv, options),
        () => true,
      ),
    withFiles: (argv, files) =>
      timed(
        argv,
        () => podman.withFiles(argv, files),
        (exitCode) => exitCode === 0,
      ),
  };
};
