-- OWASP Automated Threats: OAT-021 denial of inventory, spread over identities.
-- Within $window_minutes minutes more than $threshold users put one product in the cart, and hardly
-- anybody buys it: of the day's users who carted it at most a share of $largest_buying_rate. Named
-- is each who does little else: such carts are at least $least_cart_rate of all that the user did.
with carted as (
  select
    product_id,
    user_id,
    min(event_time) filter (where event_type = 'cart') as event_time,
    count(distinct event_id) filter (where event_type = 'cart') as cart_count,
    count(distinct event_id) filter (where event_type = 'purchase') as purchase_count
  from events
  where event_type in ('cart', 'purchase')
  group by product_id, user_id
  having count(distinct event_id) filter (where event_type = 'cart') > 0
),

counted as (
  select
    *,
    count(*) over before as count_before,
    count(*) over after as count_after,
    count(*) filter (where purchase_count > 0) over (partition by product_id) as buyer_count,
    count(*) over (partition by product_id) as user_count
  from carted
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
  counted.user_id as entity_id,
  event_time,
  cast(greatest(count_before, count_after) as double) as observed_value,
  product_id,
  user_count,
  buyer_count
from counted
join user_acts on counted.user_id = user_acts.user_id
where
  greatest(count_before, count_after) > $threshold
  and buyer_count <= user_count * $largest_buying_rate
  and purchase_count = 0
  and cart_count >= event_count * $least_cart_rate
