-- OWASP Automated Threats: OAT-005 scalping and OAT-021 denial of inventory, spread over identities.
-- Within $window_minutes minutes more than $threshold users cart or buy one product within
-- $shortest_look_ms ms of their first look at it, or without one. Named is each of these users who
-- does little else: such acts are at least $least_rushed_rate of all that the user did.
with hasty as (
  select
    *,
    count(*) over (partition by user_id) as hasty_count
  from first_looks
  where look_ms is null or look_ms < $shortest_look_ms
),

rushed as (
  select
    hasty.product_id,
    hasty.user_id,
    min(hasty.event_time) as event_time
  from hasty
  join user_acts on hasty.user_id = user_acts.user_id
  where hasty.hasty_count >= user_acts.event_count * $least_rushed_rate
  group by hasty.product_id, hasty.user_id
),

counted as (
  select
    *,
    count(*) over before as count_before,
    count(*) over after as count_after
  from rushed
  window
    before as (
      partition by product_id
      order by event_time
      range between interval '$window_minutes' minute preceding and current row
    ),
    after as (
      partition by product_id
      order by event_time
      range between current row and interval '$window_minutes' minute following
    )
)

select
  user_id as entity_id,
  event_time,
  cast(greatest(count_before, count_after) as double) as observed_value,
  product_id
from counted
where greatest(count_before, count_after) > $threshold
