/** What the file system says about a host path: where it really leads, what is there and who owns it. */
export type HostPath = {
  real: string;
  kind: "folder" | "file" | "other";
  uid: number;
  gid: number;
  worldWritable: boolean;
  /** Those names in it that tell of credentials. */
  holds: readonly string[];
  place: Place;
};

/** A place as the kernel names it in mountinfo, the same in every mount namespace. */
export type Place = { device: string; root: string };

/** Whether `path` is `folder` or lies below it; both are normalised. */
export const contains = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
