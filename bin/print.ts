import { printable } from "./line.ts";

/** What a command tells a person while stdout is data. Others' words may be in it, and must not rule the terminal. */
export const say = (text: string): void => console.error(`stromboli: ${printable(text)}`);

/** Data on stdout, clean as well: where it goes is not known. */
export const print = (text: string): void => console.log(printable(text));

/** A value as JSON, which itself leaves DEL and the C1 controls as they are; U+009B begins what ESC [ begins. */
export const printJson = (value: unknown): void => console.log(jsonText(value, 2));

export const jsonText = (value: unknown, indent?: number): string =>
  JSON.stringify(value, undefined, indent).replaceAll(
    /[\x7f-\x9f]/g,
    (control) => `\\u00${control.charCodeAt(0).toString(16)}`,
  );
