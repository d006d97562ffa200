import type { Db } from "./database.ts";

export type Libc = "glibc" | "musl" | "none";
/** What a run needs to know of an image: the C library that its loader is of, and whether it has /bin/sh. */
export type Basics = { libc: Libc; shell: boolean };
/** All that was found in an image: also commands by name. */
export type Inside = Basics & { tools: readonly string[] };
export type ImageStore = ReturnType<typeof createImageStore>;

type Row = { libc: Libc; shell: 0 | 1; tools: string | null };

/** What was found inside images. An image id is a digest, so an answer holds for ever. */
export const createImageStore = (db: Db) => {
  const byId = db.prepare<[string], Row>("select libc, shell, tools from images where id = ?");
  const insert = db.prepare(`
    insert into images (id, libc, shell, tools, inspected_at) values (?, ?, ?, ?, ?)
    on conflict (id) do update set libc = excluded.libc, shell = excluded.shell,
      tools = coalesce(excluded.tools, tools), inspected_at = excluded.inspected_at`);

  return {
    /** Without tools where they have not been looked for. */
    find(id: string): Basics | Inside | undefined {
      const row = byId.get(id);
      if (!row) return undefined;
      const { libc, tools } = row;
      const basics = { libc, shell: row.shell === 1 };
      return tools === null ? basics : { ...basics, tools: JSON.parse(tools) as string[] }; // written by remember
    },
    remember(id: string, found: Basics | Inside, at: number): void {
      const tools = "tools" in found ? JSON.stringify(found.tools) : null;
      insert.run(id, found.libc, Number(found.shell), tools, at);
    },
  };
};
