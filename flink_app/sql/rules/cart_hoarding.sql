-- OWASP Automated Threats: OAT-021 denial of inventory.
-- One user has put more than $threshold products in the cart within $window_minutes minutes, takes
-- away from it taken off, and has bought nothing in that time.
with kept as (
  select
    user_id,
    event_time,
    cast(
      sum(case event_type when 'cart' then 1 when 'remove_from_cart' then -1 else 0 end)
        over recent as double
    ) as kept_count,
    cast(sum(case when event_type = 'cart' then 1 else 0 end) over recent as double) as cart_count,
    cast(
      sum(case when event_type = 'purchase' then 1 else 0 end) over recent as double
    ) as purchase_count
  from events
  where event_type in ('cart', 'remove_from_cart', 'purchase')
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
    cart_count,
    case when purchase_count = 0 then kept_count else cast(0 as double) end as hoarded_count
  from kept
),

compared as (
  select
    user_id,
    event_time,
    cart_count,
    hoarded_count,
    sum(hoarded_count) over (
      partition by user_id
      order by event_time
      rows between 1 preceding and current row
    ) - hoarded_count as previous_count
  from hoarded
)

select
  user_id as entity_id,
  event_time,
  hoarded_count as observed_value,
  cart_count
from compared
where hoarded_count > $threshold and previous_count <= $threshold
