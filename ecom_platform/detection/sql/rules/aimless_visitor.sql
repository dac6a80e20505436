-- OWASP Automated Threats: OAT-011 scraping, a little by each of many identities.
-- One user goes from product to product, hardly one of them seen twice, and hardly two of one
-- category: within $window_minutes minutes more than $threshold views, of which $least_new_rate are
-- of different products and $least_category_rate of different categories.
with views as (
  select
    user_id,
    event_time,
    event_ms as observed_ms,
    cast(count(distinct event_id) over recent as double) as view_count,
    cast(count(distinct product_id) over recent as double) as product_count,
    cast(count(distinct category_id) over recent as double) as category_count
  from events
  where event_type = 'view'
  window recent as (
    partition by user_id
    order by event_time
    range between interval '$window_minutes' minute preceding and current row
  )
),

measured as (
  select
    *,
    case
      when
        product_count >= view_count * $least_new_rate
        and category_count >= view_count * $least_category_rate
        then view_count
      else 0
    end as observed_value
  from views
),

compared as (
  select
    *,
    sum(observed_value) over two - observed_value as previous_value,
    sum(observed_ms) over two - observed_ms as previous_ms
  from measured
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
  product_count,
  category_count
from compared
where $crossing
