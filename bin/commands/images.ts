import { Command } from "commander";
import type { Image, ImageDetail } from "../../lib/schema/image.ts";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { imageTable, searchTable } from "../image-table.ts";
import { print, printJson, say } from "../print.ts";
import { pullImage } from "../pull.ts";

export const imagesCommand = () => {
  const images = new Command("images")
    .description("List, check, pull and search images that agents may run in.")
    .addHelpText("after", "\nExamples:\n  stromboli images\n  stromboli images pull docker.io/library/python:3.12");
  images
    .command("ls", { isDefault: true })
    .description("List the images on this machine, best for agents first.")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli images ls")
    .action(list);
  images
    .command("inspect")
    .description("Print all that is known of an image, as JSON.")
    .argument("<image>", "a reference or an id")
    .option("--json", "the same: it is JSON in any case")
    .addHelpText("after", "\nExample:\n  stromboli images inspect python:3.12 | jq .tools")
    .action(inspect);
  images
    .command("check")
    .description("Tell whether agents can run in an image; exits with 1 when they cannot.")
    .argument("<image>", "a reference or an id")
    .option("--json", "print all that is known of it as JSON")
    .addHelpText("after", "\nExample:\n  stromboli images check alpine:3.20")
    .action(check);
  images
    .command("pull")
    .description("Pull an image from its registry, and print its id. Ctrl-C ends the pull.")
    .argument("<image>", "a reference; without a registry Docker Hub's")
    .option("--platform <os/architecture>", "this machine's, which is the default; images of another are refused")
    .option("-q, --quiet", "say nothing of the progress")
    .option("--json", "print what is known of it as JSON")
    .addHelpText("after", "\nExample:\n  stromboli images pull python:3.12-slim")
    .action(pull);
  images
    .command("search")
    .description("Search Docker Hub, or the registry that the word begins with.")
    .argument("<word>", "such as python, or quay.io/python")
    .option("--limit <count>", "at most so many, up to 100", "25")
    .option("--no-trunc", "show whole descriptions")
    .option("--json", "print them as a JSON array")
    .addHelpText("after", "\nExample:\n  stromboli images search python --limit 5")
    .action(search);
  return images;
};

const list = async ({ json }: { json?: true }): Promise<void> => {
  const { images } = await askDaemon(async (client) => jsonOf(await client.images.$get()));
  if (json) printJson(images);
  else console.log(imageTable(images, process.stdout));
};

const find = (name: string): Promise<ImageDetail> =>
  askDaemon(async (client) => jsonOf(await client.images[":name"].$get({ param: { name: encodeURIComponent(name) } })));

const inspect = async (name: string): Promise<void> => printJson(await find(name));

const check = async (name: string, { json }: { json?: true }): Promise<void> => {
  const image = await find(name);
  if (json) printJson(image);
  else print(verdict(image));
  if (!image.compatible) throw new Failure(`no agent can run in ${name}`, exitCodes.failed);
};

const verdict = ({ compatibility_rank: rank, rank_description: why, tools }: Image): string =>
  `rank ${rank}: ${why}${tools.length > 0 ? `\ntools: ${tools.join(", ")}` : ""}`;

type PullFlags = { platform?: string; quiet?: true; json?: true };

const pull = async (image: string, { platform, quiet, json }: PullFlags): Promise<void> => {
  const request = { image, ...(platform !== undefined && { platform }) };
  const onProgress = quiet ? () => {} : (line: string) => console.error(line);
  const pulled = await askDaemon((client) => pullImage(client, request, onProgress));
  if (pulled.compatibility_rank === 4) say(`no agent can run in it: ${pulled.rank_description}`);
  if (json) printJson(pulled);
  else print(pulled.image_id);
};

type SearchFlags = { limit: string; trunc: boolean; json?: true };

const search = async (q: string, { limit, trunc, json }: SearchFlags): Promise<void> => {
  const query = { q, limit, ...(!trunc && { no_trunc: "true" as const }) };
  const { results } = await askDaemon(async (client) => jsonOf(await client.images.search.$get({ query })));
  if (json) printJson(results);
  else console.log(searchTable(results, process.stdout));
};
