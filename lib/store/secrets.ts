import type { Db } from "./database.ts";

export type SecretOwner = { name: string; owner: string; createdAt: number };
export type SecretStore = ReturnType<typeof createSecretStore>;

/** Who made which secret; the secrets themselves are Podman's. */
export const createSecretStore = (db: Db) => {
  const claim = db.prepare("insert or replace into secrets values (@name, @owner, @createdAt)");
  const all = db.prepare<[], SecretOwner>("select name, owner, created_at as createdAt from secrets");
  const remove = db.prepare("delete from secrets where name = ?");
  const user = db.prepare<[{ name: string }], { id: string }>(`
    select jobs.id from jobs join job_requests on job_id = jobs.id
    where state <> 'ended'
      and (exists (select 1 from json_each(request, '$.podman.secrets_env') as secret where secret.value = @name)
        or exists (select 1 from json_each(service_secrets) as secret where secret.value = @name))`);

  return {
    claim: (row: SecretOwner): void => void claim.run(row),
    list: (): SecretOwner[] => all.all(),
    remove: (name: string): void => void remove.run(name),
    /** A job that has not ended and names a secret. */
    userOf: (name: string): string | undefined => user.get({ name })?.id,
  };
};
