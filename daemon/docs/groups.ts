import type { Document, Operation } from "./document.ts";

export type Route = { method: string; path: string; operation: Operation };
export type Group = { title: string; description: string; routes: readonly Route[] };

/** The routes by their first tag, in the order of the document's tags. */
export const groupsOf = ({ paths, tags }: Document): Group[] => {
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
  const byTag = Map.groupBy(routes, ({ operation }) => operation.tags?.[0] ?? "others");
  const names = new Set([...tags.map(({ name }) => name), ...byTag.keys()]);
  return Array.from(names, (name) => ({
    title: name.charAt(0).toUpperCase() + name.slice(1),
    description: tags.find((tag) => tag.name === name)?.description ?? "",
    routes: byTag.get(name) ?? [],
  }));
};
