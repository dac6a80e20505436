-- OWASP Automated Threats: OAT-015 denial of service.
-- In $window_seconds seconds the whole site has more than $threshold percent of its mean of the
-- last $baseline_minutes minutes, and the visitors are not a crowd of people. A crowd has at most
-- $largest_events_per_user events a user, nobody with more than $largest_user_rate of all, and comes
-- to buy (carts and purchases are $smallest_buying_rate of the events) or for one thing (fewer than
-- $largest_products_per_user products a user). Below $smallest_event_count events, or
-- $smallest_interval_count earlier intervals, nothing is judged.
with user_intervals as (
  select
    user_id,
    tumble_rowtime(event_time, interval '$window_seconds' second) as event_time,
    cast(count(distinct event_id) as double) as event_count,
    cast(count(distinct product_id) as double) as product_count,
    cast(sum(case when event_type in ('cart', 'purchase') then 1 else 0 end) as double)
      as buying_count
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
    sum(product_count) as product_count,
    max(event_count) as heaviest_count,
    sum(buying_count) as buying_count
  from user_intervals
  group by tumble(event_time, interval '$window_seconds' second)
),

baselines as (
  select
    event_time,
    user_count,
    event_count,
    product_count,
    heaviest_count,
    buying_count,
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
    extract(epoch from event_time) * 1000 as observed_ms,
    user_count,
    event_count,
    product_count,
    heaviest_count,
    buying_count,
    case
      when
        event_count < $smallest_event_count
        or interval_count < $smallest_interval_count
        or (
          event_count <= user_count * cast($largest_events_per_user as double)
          and heaviest_count <= event_count * cast($largest_user_rate as double)
          and (
            buying_count >= event_count * cast($smallest_buying_rate as double)
            or product_count < user_count * cast($largest_products_per_user as double)
          )
        )
        then cast(0 as double)
      else floor(100 * event_count * interval_count / baseline_count)
    end as observed_value
  from baselines
),

compared as (
  select
    event_time,
    observed_ms,
    user_count,
    event_count,
    product_count,
    heaviest_count,
    buying_count,
    observed_value,
    sum(observed_value) over two - observed_value as previous_value,
    sum(observed_ms) over two - observed_ms as previous_ms
  from judged
  window two as (
    order by event_time
    rows between 1 preceding and current row
  )
)

select
  'all' as entity_id,
  event_time,
  observed_value,
  event_count,
  user_count,
  product_count,
  heaviest_count,
  buying_count
from compared
where $crossing
