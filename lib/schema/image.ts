import { z } from "zod";
import { numberIn } from "./job.ts";

const longestName = 500;

/** As `podman.image` of a run has it. */
const ImageName = z
  .string()
  .max(longestName)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, "must be an image reference such as python:3.12");

export const ImageParams = z.object({
  name: ImageName.describe("A reference or an id; its slashes may be raw or %2F."),
});

export const Image = z
  .object({
    id: z.string().describe("Podman's id, a digest."),
    repository: z.string(),
    tag: z.string(),
    size: z.int().nonnegative().describe("In bytes."),
    created: z.string(),
    description: z.string().describe("What the image's own labels say; empty when they say nothing."),
    compatible: z.boolean().describe("False when no agent can run in it."),
    compatibility_rank: z
      .int()
      .min(1)
      .max(4)
      .describe("1: agents run, with bash and git. 2: agents run. 3: not looked into yet. 4: agents cannot run."),
    rank_description: z.string().describe("Why it has this rank."),
    has_claude_cli: z.boolean().describe("Whether it brings a claude of its own; runs do not use it."),
    tools: z.array(z.string()).describe("Commands that were found on its PATH."),
    digest: z.string(),
    architecture: z.string(),
    libc: z.enum(["glibc", "musl", "none", "unknown"]),
  })
  .meta({ id: "Image" });
export type Image = z.output<typeof Image>;

export const ImageDetail = Image.extend({ labels: z.record(z.string(), z.string()) }).meta({ id: "ImageDetail" });
export type ImageDetail = z.output<typeof ImageDetail>;

export const ImageList = z.object({ images: z.array(Image) }).meta({ id: "ImageList" });

export const ImageSearchQuery = z.strictObject({
  q: z
    .string("is missing: say what to search for")
    .min(1, "must say what to search for")
    .max(200)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, "must be a word, perhaps behind a registry: quay.io/python")
    .describe("A word, perhaps behind a registry as in quay.io/python; else Docker Hub is searched."),
  limit: numberIn(1, 100).optional().describe("At most so many; 25 by default."),
  no_trunc: z.enum(["true", "false"]).optional().describe("true: whole descriptions."),
});

export const ImageSearch = z
  .object({
    results: z.array(
      z.object({
        index: z.string().describe("The registry."),
        name: z.string(),
        description: z.string(),
        stars: z.int(),
        official: z.boolean(),
        automated: z.boolean(),
      }),
    ),
  })
  .meta({ id: "ImageSearch" });
export type ImageSearch = z.output<typeof ImageSearch>;

export const ImagePullRequest = z
  .strictObject({
    image: ImageName.describe("A reference; without a registry Docker Hub's."),
    platform: z
      .string()
      .regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, "must be os/architecture, such as linux/arm64")
      .optional()
      .describe(
        "This machine's, such as linux/amd64, as is the default; images of another cannot run here and are refused.",
      ),
    quiet: z.boolean().optional().describe("true: a stream has no progress, only the end."),
  })
  .meta({ id: "ImagePullRequest" });
export type ImagePullRequest = z.output<typeof ImagePullRequest>;

export const ImagePulled = z
  .object({
    success: z.literal(true),
    image_id: z.string(),
    image: z.string().describe("The reference in full."),
    compatibility_rank: Image.shape.compatibility_rank,
    rank_description: Image.shape.rank_description,
  })
  .meta({ id: "ImagePulled" });
export type ImagePulled = z.output<typeof ImagePulled>;
