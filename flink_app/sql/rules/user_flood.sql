-- OWASP Automated Threats: OAT-015 denial of service, OAT-021 and OAT-011 at their loudest.
-- One user acts more than $threshold times in any $window_seconds seconds. The window slides with
-- every event, so a burst cannot hide at the edge of a window.
with counted as (
  select
    user_id,
    event_time,
    cast(count(*) over recent as double) as event_count,
    cast(sum(case when event_type = 'view' then 1 else 0 end) over recent as double) as view_count
  from events
  window recent as (
    partition by user_id
    order by event_time
    range between interval '$window_seconds' second preceding and current row
  )
),

compared as (
  select
    user_id,
    event_time,
    event_count,
    view_count,
    sum(event_count) over (
      partition by user_id
      order by event_time
      rows between 1 preceding and current row
    ) - event_count as previous_count
  from counted
)

select
  user_id as entity_id,
  event_time,
  event_count as observed_value,
  view_count
from compared
where event_count > $threshold and previous_count <= $threshold
