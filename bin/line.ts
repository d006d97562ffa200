/** Text without the control characters by which an agent could rule the terminal; line feeds and tabs stay. */
export const printable = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, "");

/** Cuts a text to so many columns. Counts all that may be wide as two: cut a little early is better than a second line. */
export const fit = (text: string, columns: number): string => {
  let left = columns - 1; // for the dots
  let kept = "";
  for (const character of text) {
    left -= character < widest ? 1 : 2;
    if (left < 0) return kept.length + 1 === text.length && character < widest ? text : `${kept}…`;
    kept += character;
  }
  return kept;
};

const widest = "\u1100"; // before Hangul no character takes two columns
