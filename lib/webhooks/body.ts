import type { Views } from "../jobs/views.ts";
import { WebhookBody } from "../schema/webhook.ts";

/** What a webhook tells of a job; nothing when the job has been removed. Made anew for each attempt: it does not change. */
export const webhookBody =
  (views: Pick<Views, "ended">) =>
  async (id: string): Promise<string | undefined> => {
    const report = await views.ended(id);
    return report && JSON.stringify(WebhookBody.parse({ job_id: id, ...report }));
  };
