import { z } from "zod";
import type { CallOptions, Podman } from "./podman.ts";

const Mapping = z.object({ container_id: z.number(), host_id: z.number(), size: z.number() });
const Mappings = z.array(Mapping).nullish();
const Helper = z.object({ executable: z.string().default("") }).default({ executable: "" });

const Places = z.object({ graphRoot: z.string(), imageCopyTmpDir: z.string().default("/var/tmp") });

/** What `podman info` says that matters to us, as Podman 4 and 5 have it. */
const Info = z.object({
  host: z.object({
    cgroupManager: z.string().default(""),
    cgroupVersion: z.string().default(""),
    cgroupControllers: z.array(z.string()).nullish(),
    idMappings: z.object({ uidmap: Mappings, gidmap: Mappings }).nullish(),
    networkBackend: z.string().default(""),
    networkBackendInfo: z
      .object({ path: z.string().default(""), dns: z.object({ path: z.string().default("") }).nullish() })
      .nullish(), // from Podman 4.5 on
    ociRuntime: z.object({ name: z.string(), path: z.string().default(""), version: z.string().default("") }),
    security: z.object({ rootless: z.boolean() }),
    slirp4netns: Helper,
    pasta: Helper,
  }),
  store: Places.extend({ graphDriverName: z.string() }),
  version: z.object({ Version: z.string() }),
});
export type PodmanInfo = z.output<typeof Info>;

type Asked = Pick<Podman, "output">;

const ask = async (podman: Asked, options: CallOptions): Promise<unknown> =>
  JSON.parse(await podman.output(["info", "--format=json"], options));

export const readInfo = async (podman: Asked, options: CallOptions = {}): Promise<PodmanInfo> =>
  Info.parse(await ask(podman, options));

/** Where Podman keeps images, and what it downloads on the way there: of `podman info` no more than these. */
export const readPlaces = async (podman: Asked, options: CallOptions = {}): Promise<z.output<typeof Places>> =>
  z.object({ store: Places }).parse(await ask(podman, options)).store;
