-- One row a user and minute with any event: how many, in how many sessions, and how many of these
-- began.
create or replace temporary view user_minutes as
with session_minutes as (
  select
    user_id,
    user_session,
    time_bucket(interval '1' minute, event_time) as minute_at,
    count(distinct event_id) as event_count
  from events
  group by all
),

begun as (
  select
    user_id,
    minute_at,
    event_count,
    case
      when minute_at = min(minute_at) over (partition by user_id, user_session) then 1
      else 0
    end as is_begun
  from session_minutes
)

select
  user_id,
  minute_at,
  sum(event_count) as event_count,
  count(*) as session_count,
  sum(is_begun) as begun_count
from begun
group by user_id, minute_at
