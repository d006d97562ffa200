-- Where a job stands in a trace of OpenTelemetry's, written down with the job: whichever daemon ends it tells of it so.
create table job_traces (
  job_id         text primary key references jobs (id) on delete cascade,
  trace_id       text not null,
  parent_span_id text not null,
  -- The job's own; null where there were no traces here, and the caller's is only passed on.
  span_id        text,
  flags          integer not null check (flags between 0 and 255),
  state          text not null,
  -- Whether its spans have yet to be sent, once it has ended.
  due            integer not null check (due in (0, 1))
) strict;

-- The few that are due, in the order in which they came.
create index job_traces_due on job_traces (due) where due = 1;
