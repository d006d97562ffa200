import type { Db } from "./database.ts";

export type Libc = "glibc" | "musl" | "none";
export type ImageStore = ReturnType<typeof createImageStore>;

/** What was found inside an image. An image id is a digest, so an answer holds for ever. */
export const createImageStore = (db: Db) => {
  const byId = db.prepare<[string], { libc: Libc }>("select libc from images where id = ?");
  const insert = db.prepare("insert or replace into images (id, libc, inspected_at) values (?, ?, ?)");

  return {
    libcOf: (id: string): Libc | undefined => byId.get(id)?.libc,
    remember: (id: string, libc: Libc, at: number): void => void insert.run(id, libc, at),
  };
};
