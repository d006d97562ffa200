-- What every run needs to know of an image is looked for before it, and its tools not until somebody asks: null till then.
drop table images;
create table images (
  id           text primary key,
  libc         text not null check (libc in ('glibc', 'musl', 'none')),
  shell        integer not null check (shell in (0, 1)),
  tools        text check (tools is null or json_valid(tools)),
  inspected_at integer not null
) strict;
