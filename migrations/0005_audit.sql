-- Who did what, and what was refused. Each row's hash covers the one before it: see lib/audit.ts.
create table audit (
  seq        integer primary key,
  at         integer not null,
  caller     text not null,
  source     text not null,
  action     text not null,
  target     text,
  decision   text not null check (decision in ('allowed', 'refused')),
  code       text,
  request_id text not null,
  hash       text not null
) strict;
create index audit_caller on audit (caller, seq);

create trigger audit_stays before update on audit begin select raise(abort, 'audit entries are not changed'); end;
create trigger audit_remains before delete on audit begin select raise(abort, 'audit entries are not removed'); end;
