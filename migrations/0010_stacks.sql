-- The services of compose files that are up, or were being brought up, one stack a session at most. While a job uses
-- them idle_since is null; a stack that is kept after its job goes down keep_ms later.
create table stacks (
  session_id text primary key,
  job_id     text not null,
  hash       text not null,
  keep_ms    integer not null,
  idle_since integer
) strict;

-- Secrets that a job's services were allowed when it was let in: its compose file may name others by now.
alter table jobs add column service_secrets text not null default '[]';
