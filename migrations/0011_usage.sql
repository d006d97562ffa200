-- What each run used, in a row so narrow that a year of them is added up at once. It stays when its job is removed.
create table run_usage (
  seq                         integer primary key,
  ended_at                    integer not null,
  owner                       text not null,
  model                       text not null,
  input_tokens                integer not null,
  output_tokens               integer not null,
  cache_creation_input_tokens integer not null,
  cache_read_input_tokens     integer not null,
  cost_usd                    real not null,
  labels                      text not null check (json_valid(labels))
) strict;

insert into run_usage
select seq, ended_at, owner, usage ->> 'model', usage ->> 'input_tokens', usage ->> 'output_tokens',
  usage ->> 'cache_creation_input_tokens', usage ->> 'cache_read_input_tokens', usage ->> 'estimated_cost_usd', labels
from jobs where state = 'ended' and usage is not null;

create index run_usage_time on run_usage (ended_at);
create index run_usage_owner on run_usage (owner, ended_at);

-- In the statement that ends a job: whatever kills the daemon, each run counts exactly once.
create trigger jobs_usage after update of state on jobs
when new.state = 'ended' and old.state <> 'ended' and new.usage is not null
begin
  insert into run_usage (ended_at, owner, model, input_tokens, output_tokens, cache_creation_input_tokens,
    cache_read_input_tokens, cost_usd, labels)
  values (new.ended_at, new.owner, new.usage ->> 'model', new.usage ->> 'input_tokens', new.usage ->> 'output_tokens',
    new.usage ->> 'cache_creation_input_tokens', new.usage ->> 'cache_read_input_tokens',
    new.usage ->> 'estimated_cost_usd', new.labels);
end;
