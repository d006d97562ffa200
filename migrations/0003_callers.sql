-- Whose things are whose. What there was before there were tokens is the local user's.
alter table jobs add column owner text not null default 'local';
alter table sessions add column owner text not null default 'local';
create index jobs_owner on jobs (owner, seq);

-- A key is its caller's own: another caller's same key is another key.
create table caller_keys (
  owner        text not null,
  key          text not null,
  request_hash text not null,
  job_id       text not null references jobs (id) on delete cascade,
  created_at   integer not null,
  primary key (owner, key)
) strict;
insert into caller_keys select 'local', key, request_hash, job_id, created_at from idempotency_keys;
drop table idempotency_keys;
alter table caller_keys rename to idempotency_keys;
create index idempotency_keys_job on idempotency_keys (job_id);
create index idempotency_keys_age on idempotency_keys (created_at);

-- API tokens. The token itself is nowhere: `hash` is of its secret half.
create table tokens (
  id         text primary key,
  name       text not null,
  hash       text not null,
  scopes     text not null check (json_valid(scopes)),
  secrets    text not null check (json_valid(secrets)),
  created_at integer not null,
  expires_at integer,
  revoked_at integer
) strict;
create unique index tokens_name on tokens (name) where revoked_at is null;

-- What one POST /auth/token began: access tokens, and the one refresh token that is still good.
create table token_families (
  id         text primary key,
  subject    text not null,
  -- Null where it was got without authentication: then it is good only where none is required.
  token_id   text references tokens (id),
  refresh_id text not null,
  expires_at integer not null,
  revoked_at integer
) strict;
create index token_families_age on token_families (expires_at);
