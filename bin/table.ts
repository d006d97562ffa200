import { dim } from "./closing.ts";
import { fit, printable } from "./line.ts";

export type Column = {
  title: string;
  cells: readonly string[];
  /** Gives a cell its colour. */
  paint?: (cell: string) => string;
  /** Left out where the last column would get too little room; of several, the last one goes first. */
  optional?: true;
  /** For numbers, which are compared by their ends. */
  right?: true;
};

const gap = "  ";
const leastOfLast = 20;
const unknownWidth = 80;

/** A table in lines that fit a terminal: the last column is cut to the room that is left. In full anywhere else. */
export const table = (columns: readonly Column[], stream: NodeJS.WriteStream): string => {
  const room = stream.isTTY ? stream.columns || unknownWidth : Number.POSITIVE_INFINITY;
  const shown = columnsFor(columns.map(tidy), room);
  const left = shown.slice(0, -1).map(padded);
  const end = shown.at(-1) ?? { title: "", cells: [] };
  const last = end.right ? padded(end) : end;
  const leftRoom = room - used(shown);
  const head = dim([...left.map(({ title }) => title), fit(last.title, leftRoom)].join(gap), stream);
  const rows = last.cells.map((cell, row) =>
    [...left.map(({ cells }) => cells[row]), fit(cell, leftRoom)].join(gap).trimEnd(),
  );
  return [head, ...rows].join("\n");
};

/** A cell is one line, and cannot rule the terminal. */
const tidy = (column: Column): Column => ({
  ...column,
  title: printable(column.title),
  cells: column.cells.map((cell) => printable(cell.replaceAll(/\s+/g, " ").trim())),
});

const columnsFor = (columns: readonly Column[], room: number): readonly Column[] => {
  const spare = columns.findLastIndex(({ optional }) => optional);
  return spare < 0 || room - used(columns) >= least(columns.at(-1))
    ? columns
    : columnsFor(columns.toSpliced(spare, 1), room);
};

const least = (last: Column | undefined): number => (last?.right ? widthOf(last) : leastOfLast);

/** What the columns before the last one take, and the gaps behind them. */
const used = (columns: readonly Column[]): number =>
  columns.slice(0, -1).reduce((sum, column) => sum + widthOf(column) + gap.length, 0);

const widthOf = ({ title, cells }: Column): number => Math.max(title.length, ...cells.map((cell) => cell.length));

const padded = (column: Column): Column => {
  const { title, cells, right, paint = (cell) => cell } = column;
  const width = widthOf(column);
  const pad = (text: string, shown: string): string => {
    const space = " ".repeat(width - text.length);
    return right ? space + shown : shown + space;
  };
  return { title: pad(title, title), cells: cells.map((cell) => pad(cell, paint(cell))) };
};
