-- OWASP Automated Threats: OAT-015 denial of service.
-- In $window_seconds seconds the whole site has more than $threshold percent of its mean of the
-- last $baseline_minutes minutes, and the visitors are not a crowd of people. A flash sale or a
-- shared link brings many users with few events each and nobody stands out; a flood has more than
-- $largest_events_per_user events a user, or one user with more than $largest_user_rate of all.
-- Below $smallest_event_count events, or $smallest_interval_count earlier intervals, nothing is
-- judged.
with user_intervals as (
  select
    user_id,
    tumble_rowtime(event_time, interval '$window_seconds' second) as event_time,
    cast(count(*) as double) as event_count,
    cast(sum(case when event_type = 'purchase' then 1 else 0 end) as double) as purchase_count
  from events
  group by
    user_id,
    tumble(event_time, interval '$window_seconds' second)
),

site_intervals as (
  select
    tumble_rowtime(event_time, interval '$window_seconds' second) as event_time,
    cast(count(*) as double) as user_count,
    sum(event_count) as event_count,
    max(event_count) as heaviest_count,
    sum(purchase_count) as purchase_count
  from user_intervals
  group by tumble(event_time, interval '$window_seconds' second)
),

baselines as (
  select
    event_time,
    user_count,
    event_count,
    heaviest_count,
    purchase_count,
    sum(event_count) over recent - event_count as baseline_count,
    cast(count(*) over recent as double) - 1 as interval_count
  from site_intervals
  window recent as (
    order by event_time
    range between interval '$baseline_minutes' minute preceding and current row
  )
),

judged as (
  select
    event_time,
    user_count,
    event_count,
    heaviest_count,
    purchase_count,
    case
      when
        event_count < $smallest_event_count
        or interval_count < $smallest_interval_count
        or (
          event_count <= user_count * cast($largest_events_per_user as double)
          and heaviest_count <= event_count * cast($largest_user_rate as double)
        )
        then cast(0 as double)
      else floor(100 * event_count * interval_count / baseline_count)
    end as load_percent
  from baselines
),

compared as (
  select
    event_time,
    user_count,
    event_count,
    heaviest_count,
    purchase_count,
    load_percent,
    sum(load_percent) over (
      order by event_time
      rows between 1 preceding and current row
    ) - load_percent as previous_percent
  from judged
)

select
  'all' as entity_id,
  event_time,
  load_percent as observed_value,
  event_count,
  user_count,
  heaviest_count,
  purchase_count
from compared
where load_percent > $threshold and previous_percent <= $threshold
