-- One recorded session played again under many identities: within a day more than $threshold users
-- go from one product to a second and a third, not all the same, with the same two pauses to a
-- quarter. Named is each of them but the first, whose session may be what was recorded.
with walks as (
  select
    user_id,
    event_time,
    event_ms,
    product_id as third_product,
    lag(product_id, 1) over walk as second_product,
    lag(product_id, 2) over walk as first_product,
    event_ms - lag(event_ms, 1) over walk as second_pause,
    lag(event_ms, 1) over walk - lag(event_ms, 2) over walk as first_pause
  from events
  window walk as (partition by user_id order by event_ms, product_id)
),

forms as (
  select
    user_id,
    event_time,
    first_product,
    second_product,
    third_product,
    round(4 * ln(first_pause)) as first_form,
    round(4 * ln(second_pause)) as second_form
  from walks
  where
    first_pause >= $shortest_pause_ms
    and second_pause >= $shortest_pause_ms
    and (first_product <> second_product or second_product <> third_product)
),

counted as (
  select
    first_product,
    second_product,
    third_product,
    first_form,
    second_form,
    count(distinct user_id) as user_count,
    arg_min(user_id, (event_time, user_id)) as first_user
  from forms
  group by all
  having count(distinct user_id) > $threshold
)

select
  user_id as entity_id,
  min(event_time) as event_time,
  cast(max(user_count) as double) as observed_value,
  count(*) as walk_count
from forms
join counted using (first_product, second_product, third_product, first_form, second_form)
where user_id <> first_user
group by user_id
