import { escapeControls } from "../lib/escape-controls.ts";
import { printable } from "./line.ts";

/** What a command tells a person while stdout is data. Others' words may be in it, and must not rule the terminal. */
export const say = (text: string): void => console.error(`stromboli: ${printable(text)}`);

/** Data on stdout, clean as well: where it goes is not known. */
export const print = (text: string): void => console.log(printable(text));

/** A value as JSON. */
export const printJson = (value: unknown): void => console.log(jsonText(value, 2));

export const jsonText = (value: unknown, indent?: number): string =>
  escapeControls(JSON.stringify(value, undefined, indent));
