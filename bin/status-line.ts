import ora from "ora";
import { dim, minutes } from "./closing.ts";
import { fit, printable } from "./line.ts";

const tickMs = 1000;
const spinnerColumns = 3; // with the space behind it, and the last column, where terminals differ

/**
 * One line on stderr with a spinner, the phase, the time and the tokens. Nothing at all without a stream,
 * or on a terminal that does not tell its width: ora would count lines for ever.
 */
export const createStatusLine = (stderr: NodeJS.WriteStream | undefined) => {
  if (!stderr || !(stderr.columns > 0))
    return { wait: () => {}, count: () => {}, connected: () => {}, hide: () => {}, close: () => {} };
  const began = Date.now();
  const spinner = ora({ stream: stderr, discardStdin: false, color: stderr.hasColors() ? "cyan" : false });
  let phase = "";
  let tokens = 0;
  let away = false;
  const refresh = (): void => {
    const facts = [minutes(Date.now() - began), tokens > 0 && `${tokens} tokens`].filter(Boolean).join(" · ");
    const room = stderr.columns - spinnerColumns - ` · ${facts}`.length;
    spinner.text = dim(`${fit(away ? "waiting for the daemon to come back" : phase, room)} · ${facts}`, stderr);
  };
  const hide = (): void => {
    if (spinner.isSpinning) spinner.stop(); // a second stop would send the cursor back over what was written since
  };
  const timer = setInterval(refresh, tickMs).unref();

  return {
    wait(what: string): void {
      phase = printable(what);
      refresh();
      spinner.start();
    },
    count(outputTokens: number): void {
      tokens += outputTokens;
    },
    /** Tells only where the line shows anyway: in the middle of the agent's words it would cut them. */
    connected: (up: boolean): void => {
      away = !up;
      refresh();
    },
    hide,
    close(): void {
      clearInterval(timer);
      hide();
    },
  };
};
