import { createHash } from "node:crypto";
import { StromboliError } from "../errors.ts";
import type { Basics, Inside, Libc } from "../store/images.ts";
import { lastLine, type CallOptions, type Podman } from "./podman.ts";
import { createTarReader } from "./tar.ts";

/** `path`: the image's own PATH. */
export type Looked = {
  podman: Podman;
  label: string;
  id: string;
  architecture: string;
  path: string;
  signal: AbortSignal;
};
type Look<Value> = { what: string; read: (container: string) => Promise<Value> };

const loaders = {
  amd64: { glibc: "/lib64/ld-linux-x86-64.so.2", musl: "/lib/ld-musl-x86_64.so.1" },
  arm64: { glibc: "/lib/ld-linux-aarch64.so.1", musl: "/lib/ld-musl-aarch64.so.1" },
} as const;

/** What is looked for on an image's PATH: the shells, and what agents use most. */
const tools = "bash sh git curl python3 pip3 node npm go cargo java ruby php make gcc jq rg claude".split(" ");

const mostFolders = 6;
const longestCopyMs = 300_000; // of a folder that may hold gigabytes

/** What a run needs to know: it waits for this, and for no more. */
export const lookForBasics = (looked: Looked): Promise<Basics> =>
  look(looked, { what: "basics", read: (name) => basicsOf(looked, name) });

/** All that there is to know. */
export const lookInside = (looked: Looked): Promise<Inside> =>
  look(looked, {
    what: "all",
    read: async (name) => ({ ...(await basicsOf(looked, name)), tools: await toolsOf(looked, name) }),
  });

/** Looks into a container that is created and never started, so that nothing of the image runs. */
const look = async <Value>({ podman, label, id, signal }: Looked, { what, read }: Look<Value>): Promise<Value> => {
  const name = `stromboli-look-${createHash("sha256").update(`${label} ${id} ${what}`).digest("hex").slice(0, 16)}`;
  const argv = [
    "create",
    "--replace",
    "--pull=never",
    "--network=none",
    `--label=${label}`,
    `--name=${name}`,
    "--entrypoint=",
    id,
    "true",
  ];
  try {
    await podman.output(argv, { signal });
    return await read(name);
  } finally {
    await podman.output(["rm", "--force", "--ignore", "--volumes", "--", name]);
  }
};

const basicsOf = async (looked: Looked, name: string): Promise<Basics> => {
  const libc = await libcOf(looked, name);
  return { libc, shell: libc !== "none" && (await hasShell(looked, name)) };
};

/** Where hooks and Podman's own commands look for it, whatever PATH says. */
const hasShell = ({ podman, signal }: Looked, name: string): Promise<boolean> =>
  copy(podman, `${name}:/bin/sh`, { onBytes: () => {}, signal });

/** The C library is told by its dynamic loader. */
const libcOf = async ({ podman, architecture, signal }: Looked, name: string): Promise<Libc> => {
  const paths = architecture === "arm64" ? loaders.arm64 : loaders.amd64;
  for (const libc of ["glibc", "musl"] as const)
    if (await copy(podman, `${name}:${paths[libc]}`, { onBytes: () => {}, signal })) return libc;
  return "none";
};

/** Podman has no way to list a folder, so its tar streams by: one call costs as much for a folder as for a file. */
const toolsOf = async ({ podman, path, signal }: Looked, name: string): Promise<string[]> => {
  const wanted = new Set(tools);
  const found = new Set<string>();
  const read = () =>
    createTarReader((entry) => {
      const [, file, ...deeper] = entry.name.split("/");
      if (file !== undefined && deeper.length === 0 && wanted.has(file) && isCommand(entry)) found.add(file);
    });
  for (const folder of foldersOf(path)) {
    if (folder === "/bin" && found.has("sh")) continue; // a link to /usr/bin, as nearly everywhere
    await copy(podman, `${name}:${folder}`, { onBytes: read(), signal });
  }
  return tools.filter((tool) => found.has(tool));
};

const isCommand = ({ mode, isLink, isFolder }: { mode: number; isLink: boolean; isFolder: boolean }): boolean =>
  !isFolder && (isLink || (mode & 0o111) !== 0);

/** In the order of PATH, but /bin last; what is for root alone holds none of the tools. */
const foldersOf = (path: string): string[] => {
  const folders = path.split(":").filter((folder) => folder.startsWith("/") && !folder.endsWith("/sbin"));
  const distinct = [...new Set(folders)].slice(0, mostFolders);
  return distinct.toSorted((a, b) => Number(a === "/bin") - Number(b === "/bin"));
};

/** Passes on what is at a path, as a tar; false when nothing is there. */
const copy = async (podman: Podman, from: string, options: Pick<CallOptions, "onBytes" | "signal">) => {
  const { exitCode, stderr } = await podman.call(["cp", "--", from, "-"], { ...options, timeoutMs: longestCopyMs });
  if (exitCode === 0) return true;
  if (/could not be found|no such file|not a directory/i.test(stderr)) return false;
  throw new StromboliError("podman_failed", `podman could not look into the image: ${lastLine(stderr)}`);
};
