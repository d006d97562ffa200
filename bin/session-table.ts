import type { SessionDetail } from "../lib/schema/session.ts";
import { ageOf } from "./age.ts";
import { table } from "./table.ts";
import { shownTitle } from "./title.ts";

export const sessionTable = (sessions: readonly SessionDetail[], stdout: NodeJS.WriteStream): string =>
  table(
    [
      { title: "ID", cells: sessions.map(({ id }) => id) },
      { title: "USED", cells: sessions.map(({ last_used_at }) => ageOf(last_used_at)) },
      { title: "RUNS", cells: sessions.map(({ runs }) => String(runs)), optional: true },
      { title: "COST", cells: sessions.map(({ total_cost_usd: cost }) => costOf(cost)), optional: true },
      { title: "SIZE", cells: sessions.map(({ bytes }) => (bytes === null ? "-" : sizeOf(bytes))), optional: true },
      { title: "TITLE", cells: sessions.map(({ title }) => shownTitle(title)) },
    ],
    stdout,
  );

export const costOf = (usd: number): string => `$${usd.toFixed(usd > 0 && usd < 0.1 ? 4 : 2)}`;

const sizeOf = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${Math.round(bytes / 1e6)} MB`;
