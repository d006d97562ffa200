import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

export type Collector = ReturnType<typeof createCollector>;

const betweenBytes = 32 * 1024 ** 2;

/** Collects garbage where V8 would leave it too long; one for the whole process. */
export const createCollector = () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: object) => void; // what the flag gives to contexts made after it
  let passedOn = 0;

  return {
    /** Start-up leaves a sixth of the process as garbage, which an idle daemon would keep for ever. */
    collectAll: (): void => collect({ type: "major", execution: "sync", flavor: "last-resort" }),

    /**
     * Says that a buffer of so many bytes was made that is garbage once it is sent. With fifty readers of a long output
     * such buffers grow old before they are sent, and V8, which counts its own heap more than what hangs on it, would let
     * a hundred megabytes of them pile up.
     */
    passOn(bytes: number): void {
      passedOn += bytes;
      if (passedOn < betweenBytes) return;
      passedOn = 0;
      collect({ type: "major", execution: "sync" });
    },
  };
};
