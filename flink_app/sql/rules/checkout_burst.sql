-- OWASP Automated Threats: OAT-005 scalping.
-- One user buys again and again: purchases in more than $threshold different steps of two seconds
-- within $window_minutes minutes. What one order brings lies in few steps, however much.
with bought as (
  select
    user_id,
    event_time,
    cast(count(*) over recent as double) as observed_value,
    cast(sum(purchase_count) over recent as double) as purchase_count,
    extract(epoch from event_time) * 1000 as observed_ms
  from cart_steps
  where purchase_count > 0
  window recent as (
    partition by user_id
    order by event_time
    range between interval '$window_minutes' minute preceding and current row
  )
),

compared as (
  select
    user_id,
    event_time,
    observed_ms,
    purchase_count,
    observed_value,
    sum(observed_value) over two - observed_value as previous_value,
    sum(observed_ms) over two - observed_ms as previous_ms
  from bought
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
  purchase_count
from compared
where $crossing
