import type { Context } from "hono";
import type { Asked } from "../../lib/jobs/admit.ts";
import type { Runner } from "../../lib/jobs/runner.ts";
import type { Views } from "../../lib/jobs/views.ts";
import type { Place } from "../../lib/store/job-rows.ts";
import type { Variables } from "../middleware/request.ts";
import { eventStream } from "./sse.ts";
import { runEvents } from "./stream.ts";

type Deps = { runner: Runner; views: Views };

/** Submits a run, and answers with what happens in it as it happens. */
export const createFollow =
  ({ runner, views }: Deps) =>
  async (c: Context<Variables>, asked: Asked, events: "text" | "raw" | undefined): Promise<Response> => {
    const mine = views.of(asked.caller);
    const { id } = await runner.submit(asked); // what is refused is refused with its own status, before a stream begins
    c.set("target", id);
    const hungUp = new AbortController();
    leaveWith(c.req.raw.signal, asked, () => runner.leave(id));
    c.req.raw.signal.addEventListener("abort", () => hungUp.abort(), { once: true });
    const context = { path: c.req.path, requestId: c.get("requestId") };
    const raw = events === "raw" || asked.request.claude?.output_format === "stream-json";
    const lines = mine.events(id, { after: 0, follow: true, signal: hungUp.signal });
    const over = runner.ended(id); // asked for at once: a daemon that stops gives it its time
    over.catch(() => {}); // the stream tells
    return eventStream(
      runEvents(lines, {
        raw,
        context,
        ended: async () => {
          await over;
          mine.checkRan(id);
        },
        lineAt: (place: Place) => mine.line(id, place),
      }),
      () => hungUp.abort(),
    );
  };

/** Who gave a key means to ask again when the connection breaks. */
export const leaveWith = (signal: AbortSignal, { key }: Asked, leave: () => void): void => {
  if (key !== undefined) return;
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave, { once: true });
};
