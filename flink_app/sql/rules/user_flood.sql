-- OWASP Automated Threats: OAT-015 denial of service, OAT-021 and OAT-011 at their loudest.
-- One user acts more than $threshold times in any $window_seconds seconds. Counted in steps: no
-- burst is missed, and one that takes up to a step longer alarms only if two of its events share
-- the first or the last step. The oldest step is one number, its last millisecond and its count,
-- since Flink keeps a map for each min and each first_value.
with summed as (
  select
    user_id,
    event_time,
    first_ms,
    sum(event_count) over recent as event_count,
    sum(view_count) over recent as view_count,
    min(last_ms * 100000 + event_count) over recent as oldest_step
  from user_steps
  window recent as (
    partition by user_id
    order by event_time
    range between interval '$window_seconds' second preceding and current row
  )
),

counted as (
  select
    user_id,
    event_time,
    first_ms as observed_ms,
    cast(
      case
        when (first_ms - $window_seconds * 1000) * 100000 > oldest_step
          then event_count - mod(oldest_step, 100000)
        else event_count
      end as double
    ) as observed_value,
    cast(view_count as double) as view_count
  from summed
),

compared as (
  select
    user_id,
    event_time,
    observed_ms,
    observed_value,
    view_count,
    sum(observed_value) over two - observed_value as previous_value,
    sum(observed_ms) over two - observed_ms as previous_ms
  from counted
  window two as (
    partition by user_id
    order by event_time
    rows between 1 preceding and current row
  )
)

select
  user_id as entity_id,
  event_time,
  observed_value,
  view_count
from compared
where $crossing
