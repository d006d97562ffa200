import { pino, type DestinationStream, type Logger } from "pino";

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

/** JSON leaves DEL and the C1 controls as they are, and a log is looked at on terminals, which U+009B would rule. */
const escapeControls = (line: string): string =>
  line.replaceAll(/[\x7f-\x9f]/g, (control) => `\\u00${control.charCodeAt(0).toString(16)}`);
