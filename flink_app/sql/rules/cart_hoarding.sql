-- OWASP Automated Threats: OAT-021 denial of inventory.
-- One user has put products in the cart more than $threshold times within $window_minutes minutes,
-- whatever was taken out again, and has bought less than a share of $largest_purchase_rate of them.
with filled as (
  select
    user_id,
    event_time,
    cast(sum(cart_count) over recent as double) as cart_count,
    cast(sum(purchase_count) over recent as double) as purchase_count
  from cart_steps
  window recent as (
    partition by user_id
    order by event_time
    range between interval '$window_minutes' minute preceding and current row
  )
),

hoarded as (
  select
    user_id,
    event_time,
    extract(epoch from event_time) * 1000 as observed_ms,
    purchase_count,
    case
      when purchase_count <= cart_count * cast($largest_purchase_rate as double) then cart_count
      else cast(0 as double)
    end as observed_value
  from filled
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
  from hoarded
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
