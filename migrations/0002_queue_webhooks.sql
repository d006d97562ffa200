-- What a list, a replay and a report need of a job without reading its request or its output.
alter table jobs add column priority integer not null default 0;
alter table jobs add column title text not null default '';
alter table jobs add column labels text not null default '{}' check (json_valid(labels));
alter table jobs add column output_format text not null default 'text';
alter table jobs add column webhook_url text;
alter table jobs add column claimed_at integer;
alter table jobs add column broker_port integer;
-- Where the result stands in output.jsonl, in bytes; null when the agent wrote none.
alter table jobs add column result_start integer;
alter table jobs add column result_end integer;
-- The last words of an agent that gave no result.
alter table jobs add column partial_output text not null default '';
-- What the job's folder takes on the disk, once it has ended.
alter table jobs add column bytes integer not null default 0;

update jobs set claimed_at = created_at where started_at is not null;

-- A request can be megabytes, which a page of the list would have to step over row by row.
create table job_requests (
  job_id  text primary key references jobs (id) on delete cascade,
  request text not null check (json_valid(request))
) strict;
insert into job_requests select id, request from jobs;
alter table jobs drop column request;

create index jobs_open_session on jobs (session_id) where state <> 'ended';
create index jobs_open_fork on jobs (forked_from) where state <> 'ended' and forked_from is not null;
create index jobs_session on jobs (session_id, seq);
create index jobs_outcome on jobs (outcome, seq);

create index jobs_ended on jobs (ended_at, seq, bytes, id) where state = 'ended';

create table idempotency_keys (
  key          text primary key,
  request_hash text not null,
  job_id       text not null references jobs (id) on delete cascade,
  created_at   integer not null
) strict;

create index idempotency_keys_job on idempotency_keys (job_id);
create index idempotency_keys_age on idempotency_keys (created_at);

create table webhook_deliveries (
  seq             integer primary key,
  id              text not null unique,
  job_id          text not null references jobs (id) on delete cascade,
  url             text not null,
  state           text not null check (state in ('pending', 'delivered', 'failed')),
  attempts        integer not null default 0,
  created_at      integer not null,
  give_up_at      integer not null,
  next_attempt_at integer,
  last_attempt_at integer,
  last_status     integer,
  last_error      text,
  check ((state = 'pending') = (next_attempt_at is not null))
) strict;

create index webhook_deliveries_due on webhook_deliveries (next_attempt_at) where state = 'pending';
create index webhook_deliveries_job on webhook_deliveries (job_id);

-- Written to by the health check.
create table probe (at integer not null) strict;
insert into probe values (0);
