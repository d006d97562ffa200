-- How many jobs of whom run and wait, for jobs.max_running_per_caller and max_queued_per_caller.
create index jobs_open_owner on jobs (owner, state) where state <> 'ended';
