import type { Image, ImageSearch } from "../lib/schema/image.ts";
import { ageOf } from "./age.ts";
import { table } from "./table.ts";

export const imageTable = (images: readonly Image[], stdout: NodeJS.WriteStream): string =>
  table(
    [
      { title: "IMAGE", cells: images.map(({ repository, tag }) => (tag ? `${repository}:${tag}` : repository)) },
      { title: "RANK", cells: images.map(({ compatibility_rank: rank }) => String(rank)) },
      { title: "LIBC", cells: images.map(({ libc }) => libc) },
      { title: "SIZE", cells: images.map(({ size }) => `${Math.round(size / 1e6)} MB`) },
      { title: "AGE", cells: images.map(({ created }) => ageOf(created)), optional: true },
      { title: "WHY", cells: images.map(({ rank_description: why }) => why) },
    ],
    stdout,
  );

export const searchTable = (results: ImageSearch["results"], stdout: NodeJS.WriteStream): string =>
  table(
    [
      { title: "NAME", cells: results.map(({ name }) => name) },
      { title: "STARS", cells: results.map(({ stars }) => String(stars)) },
      { title: "OFFICIAL", cells: results.map(({ official }) => (official ? "yes" : "")) },
      { title: "DESCRIPTION", cells: results.map(({ description }) => description) },
    ],
    stdout,
  );
