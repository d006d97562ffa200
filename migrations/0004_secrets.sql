-- Who made a secret. That it exists only Podman knows: a row without one, or of another time, says nothing.
create table secrets (
  name       text primary key,
  owner      text not null,
  created_at integer not null
) strict;
