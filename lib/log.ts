import { pino, type DestinationStream, type Logger } from "pino";
import { escapeControls } from "./escape-controls.ts";

export type Log = Logger;

const secret = ["authorization", "prompt", "value", "handle", "token"];

/** JSON lines on stderr: stdout belongs to data. Values under these names never reach a log, at any level. */
export const createLog = (
  level: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: escapeControls },
      redact: { paths: secret.flatMap((name) => [name, `*.${name}`]), remove: true },
    },
    destination,
  );
