import { createClient } from "../../bin/client.ts";
import type { Stromboli } from "../e2e/harness.ts";
import type { MixedJob } from "./crash-mix.ts";
import { until } from "../e2e/wait.ts";

const patienceMs = 600_000;
const none = () => undefined; // the daemon has just been killed

/** A client that asks again and again until a daemon lives long enough to answer. */
export const createPatientClient = ({ place }: Pick<Stromboli, "place">) => {
  const client = createClient({ socketPath: place.socket }); // the one address that all daemons have in common
  return {
    /** Hands a job in; its key makes one job of all tries. */
    handIn: async ({ mark, request }: MixedJob): Promise<string> => {
      const ask = async () => {
        const response = await client.run.async
          .$post({ json: request, query: {}, header: { "idempotency-key": mark } })
          .catch(none);
        const text = await response?.text().catch(none);
        if (response === undefined || text === undefined) return undefined;
        if (response.status !== 202) throw new Error(`the daemon answered to ${mark}: ${text}`);
        return (JSON.parse(text) as { job_id: string }).job_id; // what a 202 holds
      };
      return until(`an answer for ${mark}`, ask, patienceMs);
    },
    cancel: async (id: string): Promise<void> => {
      const ask = async () => (await client.jobs[":id"].$delete({ param: { id } }).catch(none))?.status;
      await until(`the end of ${id}`, async () => [200, 409].includes((await ask()) ?? 0), patienceMs);
    },
  };
};
