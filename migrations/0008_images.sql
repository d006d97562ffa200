-- What is known of images is found out anew: there is more to find now.
drop table images;
create table images (
  id           text primary key,
  libc         text not null check (libc in ('glibc', 'musl', 'none')),
  tools        text not null check (json_valid(tools)),
  inspected_at integer not null
) strict;

-- How long a job had its image pulled; null for one that needs no pull. Until it has the image, image_id is empty.
alter table jobs add column pull_ms integer;
