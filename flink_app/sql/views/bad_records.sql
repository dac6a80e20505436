-- Records that the lake refuses, each with its first reason and the field it names: all that
-- raw_events gives no time to, and those from the future, which rules count nevertheless. So every
-- record is a good event, a bad record or a heartbeat.
create temporary view bad_records as
with lines as (
  select
    line,
    arrived_at,
    $one_object as is_one_object
  from raw_events
  where
    event_time <= to_timestamp_ltz(0, 3)
    or (
      $is_future
      and json_value(line, '$.event_type') <> 'heartbeat'
    )
),

claims as (
  select
    line,
    arrived_at,
    is_one_object,
    case when is_one_object then $claimed_time end as claimed_at,
    case when is_one_object then $time_text end as time_text,
    case when is_one_object then json_value(line, '$.event_id') end as event_id,
    case when is_one_object then json_value(line, '$.event_type') end as event_type,
    case when is_one_object then $product_text end as product_text,
    case when is_one_object then $product_id end as product_id,
    case when is_one_object then $category_text end as category_text,
    case when is_one_object then $category_id end as category_id,
    case when is_one_object then $user_text end as user_text,
    case when is_one_object then $user_id end as user_id,
    case when is_one_object then $price_text end as price_text,
    case when is_one_object then $price end as price
  from lines
)

select
  line,
  case
    when not is_one_object and regexp(line, u&'^\FFFD{1,3}\000A') then 'kpl_aggregated'
    when not is_one_object then 'not_json'
    when time_text is null then 'missing_field:event_time'
    when claimed_at is null or claimed_at <= to_timestamp_ltz(0, 3)
      then 'event_time_unreadable:event_time'
    when claimed_at > arrived_at + interval '1' minute then 'event_time_in_future:event_time'
    when coalesce(event_id, '') = '' then 'missing_field:event_id'
    when event_type is null then 'missing_field:event_type'
    when event_type not in ('view', 'cart', 'remove_from_cart', 'purchase', 'heartbeat')
      then 'unknown_event_type:event_type'
    when product_text is null then 'missing_field:product_id'
    when product_id is null then 'wrong_type:product_id'
    when category_text <> '' and category_id is null then 'wrong_type:category_id'
    when user_text is null then 'missing_field:user_id'
    when user_id is null then 'wrong_type:user_id'
    when price_text is null then 'missing_field:price'
    when regexp(price_text, '^-[0-9]') then 'negative_price:price'
    when price is null then 'wrong_type:price'
    when char_length(event_id) > 200 then 'text_too_long:event_id'
    else 'text_too_long:user_session'
  end as reason
from claims
