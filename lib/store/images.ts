import type { Db } from "./database.ts";

export type Libc = "glibc" | "musl" | "none";
/** What was found in an image: the C library that its loader is of, and commands by name. */
export type Inside = { libc: Libc; tools: readonly string[] };
export type ImageStore = ReturnType<typeof createImageStore>;

/** What was found inside images. An image id is a digest, so an answer holds for ever. */
export const createImageStore = (db: Db) => {
  const byId = db.prepare<[string], { libc: Libc; tools: string }>("select libc, tools from images where id = ?");
  const insert = db.prepare("insert or replace into images (id, libc, tools, inspected_at) values (?, ?, ?, ?)");

  return {
    find(id: string): Inside | undefined {
      const row = byId.get(id);
      return row && { libc: row.libc, tools: JSON.parse(row.tools) as string[] }; // written by remember
    },
    remember: (id: string, { libc, tools }: Inside, at: number): void =>
      void insert.run(id, libc, JSON.stringify(tools), at),
  };
};
