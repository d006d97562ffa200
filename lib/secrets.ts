import pLimit from "p-limit";
import type { Caller } from "./auth/caller.ts";
import { StromboliError } from "./errors.ts";
import { mayUseSecret } from "./policy/secrets.ts";
import { secretExists, type PodmanSecret, type SecretVault } from "./podman/secrets.ts";
import type { Config } from "./schema/config.ts";
import type { Secret, SecretRequest } from "./schema/secret.ts";
import type { SecretStore } from "./store/secrets.ts";

type Deps = {
  config: Pick<Config, "policy">;
  vault: SecretVault;
  secretStore: SecretStore;
  now: () => number;
};
export type Secrets = ReturnType<typeof createSecrets>;

/** What belongs to a caller is made within this time after its row was written. */
const makingMs = 120_000;
const clockMs = 2000;

/** Secrets as callers see them: what is not theirs to use is not there. */
export const createSecrets = ({ config: { policy }, vault, secretStore, now }: Deps) => {
  const oneAtATime = pLimit(1); // who makes a name that another makes at the same time must not become its owner

  const usable = async (caller: Caller): Promise<PodmanSecret[]> => {
    const held = await vault.list();
    const rows = new Map(secretStore.list().map((row) => [row.name, row]));
    return held.filter((secret) => {
      const row = rows.get(secret.name);
      const isRows = row && secret.createdAt > row.createdAt - clockMs && secret.createdAt < row.createdAt + makingMs; // else of a former one
      return mayUseSecret(caller, { name: secret.name, owner: isRows ? row.owner : undefined }, policy.secrets);
    });
  };
  const find = async (caller: Caller, name: string): Promise<PodmanSecret> => {
    const secret = (await usable(caller)).find((one) => one.name === name);
    if (!secret) throw new StromboliError("secret_missing", `there is no secret ${name}`);
    return secret;
  };

  return {
    list: async (caller: Caller): Promise<Secret[]> =>
      (await usable(caller)).map(toSecret).toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    /** Throws `secret_missing`. */
    find: async (caller: Caller, name: string): Promise<Secret> => toSecret(await find(caller, name)),

    /** The row is written first: a daemon that dies in between leaves a row that says nothing, never a secret without an owner. */
    create: (caller: Caller, { name, value }: SecretRequest): Promise<void> =>
      oneAtATime(async () => {
        if ((await vault.list()).some((one) => one.name === name)) throw secretExists(name);
        secretStore.claim({ name, owner: caller.name, createdAt: now() });
        await vault.create(name, value);
      }),

    /** Throws `secret_missing`, or `secret_in_use` while a job that has not ended names it. */
    remove: (caller: Caller, name: string): Promise<void> =>
      oneAtATime(async () => {
        await find(caller, name);
        const user = secretStore.userOf(name);
        if (user !== undefined) throw new StromboliError("secret_in_use", `${user} uses secret ${name}`);
        await vault.remove(name);
        secretStore.remove(name);
      }),

    /** Throws `secret_not_found` for the first name that a caller may not use, or that is not there. */
    async check(caller: Caller, names: readonly string[]): Promise<void> {
      if (names.length === 0) return;
      const held = new Set((await usable(caller)).map(({ name }) => name));
      const missing = names.find((name) => !held.has(name));
      if (missing !== undefined) throw new StromboliError("secret_not_found", `there is no secret ${missing}`);
    },
  };
};

const toSecret = ({ id, name, createdAt }: PodmanSecret): Secret => ({
  id,
  name,
  created_at: new Date(createdAt).toISOString(),
});
