-- One row a user: how much it did in all.
create or replace temporary view user_acts as
select
  user_id,
  count(distinct event_id) as event_count
from events
group by user_id
