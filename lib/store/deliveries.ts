import type { Delivery as Response } from "../schema/webhook.ts";
import type { Db } from "./database.ts";

export type DeliveryState = Response["status"];

export type Delivery = {
  seq: number;
  id: string;
  jobId: string;
  url: string;
  state: DeliveryState;
  attempts: number;
  createdAt: number;
  giveUpAt: number;
  nextAttemptAt: number | null;
  lastAttemptAt: number | null;
  lastStatus: number | null;
  lastError: string | null;
};
export type NewDelivery = Pick<Delivery, "id" | "jobId" | "url" | "createdAt" | "giveUpAt">;
export type Due = Pick<Delivery, "id" | "jobId" | "url"> & { host: string };

/** An attempt that ended at a time, and what the receiver answered, if it did. */
type Attempt = { at: number; status: number | null };
type Refused = Attempt & { error: string };

type Filter = { owner?: string | undefined; status?: DeliveryState; jobId?: string; limit: number; cursor?: number };

const columns = `seq, id, job_id as jobId, url, state, attempts, created_at as createdAt, give_up_at as giveUpAt,
  next_attempt_at as nextAttemptAt, last_attempt_at as lastAttemptAt, last_status as lastStatus, last_error as lastError`;

/** `owner`: only when it is the owner's. */
type Redelivery = { id: string; at: number; giveUpAt: number; owner?: string | undefined };

/** Deliveries belong to whoever the job belongs to. */
const isOf = (owner: string) =>
  `exists (select 1 from jobs where jobs.id = webhook_deliveries.job_id and jobs.owner = ${owner})`;

export type DeliveryStore = ReturnType<typeof createDeliveryStore>;

export const createDeliveryStore = (db: Db) => {
  const insert = db.prepare(`
    insert into webhook_deliveries (id, job_id, url, host, state, created_at, give_up_at, next_attempt_at)
    values (@id, @jobId, @url, @host, 'pending', @createdAt, @giveUpAt, @createdAt)`);
  const byId = db.prepare<[string], Delivery>(`select ${columns} from webhook_deliveries where id = ?`);
  const due = db.prepare<[{ at: number; except: string; limit: number }], Due>(`
    select id, job_id as jobId, url, host from webhook_deliveries
    where state = 'pending' and next_attempt_at <= @at and host not in (select value from json_each(@except))
    order by next_attempt_at, seq limit @limit`);
  const next = db.prepare<[number], { at: number | null }>(`
    select min(next_attempt_at) as at from webhook_deliveries where state = 'pending' and next_attempt_at > ?`);
  const newest = db.prepare<[Record<string, unknown>], Delivery>(`
    select ${columns} from webhook_deliveries
    where (@owner is null or ${isOf("@owner")}) and (@status is null or state = @status) and (@jobId is null or job_id = @jobId) and (@cursor is null or seq < @cursor)
    order by seq desc limit @limit + 1`);
  const delivered = db.prepare(attempted("state = 'delivered', next_attempt_at = null"));
  const retry = db.prepare(attempted("next_attempt_at = @nextAttemptAt"));
  const failed = db.prepare(attempted("state = 'failed', next_attempt_at = null"));
  const redeliver = db.prepare<[Omit<Redelivery, "owner"> & { owner: string | null }], Delivery>(`
    update webhook_deliveries set state = 'pending', next_attempt_at = @at, give_up_at = @giveUpAt
    where id = @id and (@owner is null or ${isOf("@owner")}) returning ${columns}`);

  return {
    /** For the transaction that ends the job: a delivery is due exactly when its job has ended. */
    insert: (delivery: NewDelivery): void =>
      void insert.run({ ...delivery, host: URL.parse(delivery.url)?.host ?? "" }),
    find: (id: string): Delivery | undefined => byId.get(id),
    /** The first of those whose next attempt is due, the longest due first, except for what goes to some hosts. */
    due: (at: number, { limit, except = [] }: { limit: number; except?: readonly string[] }): Due[] =>
      due.all({ at, limit, except: JSON.stringify(except) }),
    /** When the next one falls due after a time. */
    nextDueAt: (after: number): number | undefined => next.get(after)?.at ?? undefined,
    /** The moves answer false when the delivery was not pending. */
    delivered: (id: string, attempt: Attempt): boolean => delivered.run({ id, error: null, ...attempt }).changes === 1,
    retry: (id: string, attempt: Refused & { nextAttemptAt: number }): boolean =>
      retry.run({ id, ...attempt }).changes === 1,
    failed: (id: string, attempt: Refused): boolean => failed.run({ id, ...attempt }).changes === 1,
    /** Makes it due again, whatever became of it; its attempts go on counting. */
    redeliver: ({ owner, ...change }: Redelivery): Delivery | undefined =>
      redeliver.get({ ...change, owner: owner ?? null }),
    /** One page, newest first; nextCursor leads to the page after it, if there is one. */
    list: ({ limit, owner, ...filter }: Filter): { deliveries: Delivery[]; nextCursor: number | undefined } => {
      const rows = newest.all({ status: null, jobId: null, cursor: null, ...filter, owner: owner ?? null, limit });
      const deliveries = rows.slice(0, limit);
      return { deliveries, nextCursor: rows.length > limit ? deliveries.at(-1)?.seq : undefined };
    },
  };
};

const attempted = (change: string) => `
  update webhook_deliveries set ${change}, attempts = attempts + 1, last_attempt_at = @at, last_status = @status,
    last_error = @error
  where id = @id and state = 'pending'`;
