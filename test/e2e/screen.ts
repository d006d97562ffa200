/** The lines that a terminal shows after all that was written to it: as much of one as a status line needs. */
export const screenOf = (written: string): string[] => {
  const screen: Screen = { lines: [], row: 0, column: 0 };
  for (const [token, count = "", command = token] of written.matchAll(tokens)) {
    const move = moves[command];
    if (move) move(screen, count);
    else if (command === token) put(screen, token);
  }
  return Array.from(screen.lines, (line: string | undefined) => line?.trimEnd() ?? "").filter((line) => line !== "");
};

type Screen = { lines: string[]; row: number; column: number };

const escape = "\u001b";
const tokens = new RegExp(`${escape}\\[([?\\d;]*)([A-Za-z])|\\r|\\n|[^${escape}\\r\\n]+`, "g");

const moves: Readonly<Record<string, (screen: Screen, count: string) => void>> = {
  "\n": (screen) => void (screen.row += 1),
  "\r": (screen) => void (screen.column = 0),
  G: (screen, column) => void (screen.column = Number(column || 1) - 1),
  A: (screen, rows) => void (screen.row -= Number(rows || 1)),
  K: ({ lines, row, column }, part) => void (lines[row] = part === "2" ? "" : (lines[row] ?? "").slice(0, column)),
};

const put = (screen: Screen, text: string): void => {
  const line = (screen.lines[screen.row] ?? "").padEnd(screen.column);
  screen.lines[screen.row] = line.slice(0, screen.column) + text + line.slice(screen.column + text.length);
  screen.column += text.length;
};
