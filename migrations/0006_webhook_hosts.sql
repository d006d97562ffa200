-- Whose turn it is depends on how much goes to the same host; a crowd for one that takes no more is stepped over in the
-- index alone.
alter table webhook_deliveries add column host text not null default '';
update webhook_deliveries set host = substr(url, instr(url, '://') + 3);
update webhook_deliveries set host = lower(substr(host, 1, instr(replace(replace(host, '?', '/'), '#', '/') || '/', '/') - 1));

drop index webhook_deliveries_due;
create index webhook_deliveries_due on webhook_deliveries (next_attempt_at, seq, host) where state = 'pending';
