-- OWASP Automated Threats: OAT-011 scraping.
-- One user sees more than $threshold different products within $window_minutes minutes and neither
-- fills a cart nor buys, but for a share of $largest_cart_rate of the events as camouflage.
with seen as (
  select
    user_id,
    event_time,
    cast(count(distinct product_id) over recent as double) as product_count,
    cast(count(*) over recent as double) as event_count,
    cast(sum(case when event_type = 'view' then 0 else 1 end) over recent as double) as cart_count
  from events
  window recent as (
    partition by user_id
    order by event_time
    range between interval '$window_minutes' minute preceding and current row
  )
),

scraped as (
  select
    user_id,
    event_time,
    event_count,
    cart_count,
    case
      when cart_count <= event_count * cast($largest_cart_rate as double) then product_count
      else cast(0 as double)
    end as scraped_count
  from seen
),

compared as (
  select
    user_id,
    event_time,
    event_count,
    cart_count,
    scraped_count,
    sum(scraped_count) over (
      partition by user_id
      order by event_time
      rows between 1 preceding and current row
    ) - scraped_count as previous_count
  from scraped
)

select
  user_id as entity_id,
  event_time,
  scraped_count as observed_value,
  event_count,
  cart_count
from compared
where scraped_count > $threshold and previous_count <= $threshold
