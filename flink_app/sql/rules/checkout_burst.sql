-- OWASP Automated Threats: OAT-005 scalping.
-- One user buys more than $threshold times within any $window_seconds seconds.
with counted as (
  select
    user_id,
    event_time,
    cast(count(*) over recent as double) as purchase_count,
    cast(count(distinct product_id) over recent as double) as product_count
  from events
  where event_type = 'purchase'
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
    purchase_count,
    product_count,
    sum(purchase_count) over (
      partition by user_id
      order by event_time
      rows between 1 preceding and current row
    ) - purchase_count as previous_count
  from counted
)

select
  user_id as entity_id,
  event_time,
  purchase_count as observed_value,
  product_count
from compared
where purchase_count > $threshold and previous_count <= $threshold
