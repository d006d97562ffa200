create table sessions (
  id             text primary key,
  title          text not null,
  workdir        text not null,
  created_at     integer not null,
  last_used_at   integer not null,
  runs           integer not null default 0,
  total_cost_usd real not null default 0
) strict;

create index sessions_recent on sessions (last_used_at desc);

create table jobs (
  seq             integer primary key,
  id              text not null unique,
  state           text not null check (state in ('pending', 'starting', 'running', 'ended')),
  session_id      text not null,
  forked_from     text,
  request         text not null check (json_valid(request)),
  container       text not null unique,
  image_reference text not null,
  image_id        text not null,
  image_digest    text not null,
  timeout_ms      integer not null,
  handle_hash     text not null,
  stop_reason     text,
  outcome         text,
  exit_code       integer,
  error           text,
  num_turns       integer,
  usage           text check (json_valid(usage)),
  timings         text check (json_valid(timings)),
  created_at      integer not null,
  updated_at      integer not null,
  started_at      integer,
  ended_at        integer,
  check ((state = 'ended') = (outcome is not null and ended_at is not null))
) strict;

-- Two agents on one session would fork its transcript without a word: the database refuses the second.
create unique index jobs_session_busy on jobs (session_id) where state in ('starting', 'running');
create index jobs_open on jobs (seq) where state <> 'ended';

create table api_requests (
  job_id                      text not null references jobs (id) on delete cascade,
  started_at                  integer not null,
  path                        text not null,
  model                       text not null,
  status                      integer not null,
  input_tokens                integer not null,
  output_tokens               integer not null,
  cache_creation_input_tokens integer not null,
  cache_read_input_tokens     integer not null,
  first_byte_ms               integer,
  duration_ms                 integer not null
) strict;

create index api_requests_job on api_requests (job_id);

create table images (
  id           text primary key,
  libc         text not null check (libc in ('glibc', 'musl', 'none')),
  inspected_at integer not null
) strict;
