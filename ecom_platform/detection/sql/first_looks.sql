-- Carts and purchases, and for how long the user had known the product by then: milliseconds since
-- it was first looked at, none where it never was.
create or replace temporary view first_looks as
with looks as (
  select
    user_id,
    product_id,
    event_type,
    event_time,
    event_ms,
    event_ms - min(case when event_type = 'view' then event_ms end) over (
      partition by user_id, product_id
      order by event_ms
      range between unbounded preceding and current row
    ) as look_ms
  from events
)

select distinct * from looks where event_type in ('cart', 'purchase')
