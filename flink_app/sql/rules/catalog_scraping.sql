-- OWASP Automated Threats: OAT-011 scraping.
-- One session sees ever new products: within $window_minutes minutes the products seen, less the views
-- of what was seen before, are more than $threshold. Carts and purchases as camouflage change
-- nothing. Of ten seconds with more products than that one row is kept, which counts for them.
with counted as (
  select
    user_id,
    user_session,
    product_id,
    event_time,
    view_count,
    count(*) over this_step as step_products,
    min(product_id) over this_step as smallest_product,
    sum(view_count) over this_step as step_views
  from product_steps
  window this_step as (
    partition by user_id, user_session
    order by event_time
    range between interval '5' second preceding and current row
  )
),

bounded as (
  select
    user_id,
    user_session,
    product_id,
    event_time,
    case when step_products > $threshold then step_views else view_count end as view_count,
    case when step_products > $threshold then step_products - 1 else 0 end as beyond_count
  from counted
  where step_products <= $threshold or product_id = smallest_product
),

seen as (
  select
    user_id,
    user_session,
    event_time,
    count(distinct product_id) over recent + sum(beyond_count) over recent as product_count,
    sum(view_count) over recent as view_count
  from bounded
  window recent as (
    partition by user_id, user_session
    order by event_time
    range between interval '$window_minutes' minute preceding and current row
  )
),

scraped as (
  select
    user_id,
    user_session,
    event_time,
    extract(epoch from event_time) * 1000 as observed_ms,
    cast(product_count as double) as product_count,
    cast(view_count as double) as view_count,
    cast(2 * product_count - view_count as double) as observed_value
  from seen
),

compared as (
  select
    user_id,
    user_session,
    event_time,
    observed_ms,
    product_count,
    view_count,
    observed_value,
    sum(observed_value) over two - observed_value as previous_value,
    sum(observed_ms) over two - observed_ms as previous_ms
  from scraped
  window two as (
    partition by user_id, user_session
    order by event_time
    rows between 1 preceding and current row
  )
)

select
  user_id as entity_id,
  event_time,
  observed_value,
  product_count,
  view_count
from compared
where $crossing
