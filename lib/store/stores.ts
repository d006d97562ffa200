import { createApiRequestStore } from "./api-requests.ts";
import { createAuditStore } from "./audit.ts";
import type { Db } from "./database.ts";
import { createDeliveryStore } from "./deliveries.ts";
import { createIdempotencyStore } from "./idempotency.ts";
import { createImageStore } from "./images.ts";
import { createJobLister } from "./job-list.ts";
import { createJobTraceStore } from "./job-traces.ts";
import { createJobStore } from "./jobs.ts";
import { createRetentionStore } from "./retention.ts";
import { createSecretStore } from "./secrets.ts";
import { createSessionStore } from "./sessions.ts";
import { createFamilyStore } from "./token-families.ts";
import { createStackStore } from "./stacks.ts";
import { createTokenStore } from "./tokens.ts";
import { createUsageStore } from "./usage.ts";

export type Stores = ReturnType<typeof createStores>;

/** Everything that reads and writes the database. */
export const createStores = (db: Db) => ({
  db,
  jobs: createJobStore(db),
  list: createJobLister(db),
  jobTraces: createJobTraceStore(db),
  sessionStore: createSessionStore(db),
  requests: createApiRequestStore(db),
  imageStore: createImageStore(db),
  idempotency: createIdempotencyStore(db),
  deliveries: createDeliveryStore(db),
  tokens: createTokenStore(db),
  families: createFamilyStore(db),
  stackStore: createStackStore(db),
  secretStore: createSecretStore(db),
  audit: createAuditStore(db),
  retentionStore: createRetentionStore(db),
  usageStore: createUsageStore(db),
});
