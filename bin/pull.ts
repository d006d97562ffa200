import type { ImagePulled, ImagePullRequest } from "../lib/schema/image.ts";
import { failureOf, type Client } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";
import { printable } from "./line.ts";
import { eventsFrom } from "../lib/client/sse.ts";

/** Has the daemon pull an image and passes on its progress; whoever hangs up ends the pull. */
export const pullImage = async (
  client: Client,
  request: ImagePullRequest,
  onProgress: (line: string) => void,
): Promise<ImagePulled> => {
  const headers = { accept: "text/event-stream" };
  const response = await client.images.pull.$post({ json: request }, { headers });
  if (!response.ok || !response.body) throw await failureOf(await response.text());
  for await (const { event, data } of eventsFrom(response.body)) {
    if (event === "done") return JSON.parse(data) as ImagePulled; // the daemon's own shape
    if (event === "error") throw await failureOf(data);
    if (event === "progress") onProgress(printable((JSON.parse(data) as { message: string }).message));
  }
  throw new Failure("the daemon has stopped, and the pull with it; try again when it is back", exitCodes.unreachable);
};
