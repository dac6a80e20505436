-- Records that no rule can use, each with its first reason and the field it names. They are all
-- that raw_events gives no time to, so every record is a good event, a bad record or a heartbeat.
create temporary view bad_records as
with claims as (
  select
    *,
    try_cast(replace(replace(claimed_time, 'T', ' '), 'Z', '') as timestamp_ltz(3)) as claimed_at,
    coalesce(json_value(line, '$.event_time'), json_query(line, '$.event_time')) as time_text,
    coalesce(json_value(line, '$.product_id'), json_query(line, '$.product_id')) as product_text,
    coalesce(json_value(line, '$.category_id'), json_query(line, '$.category_id')) as category_text,
    coalesce(json_value(line, '$.user_id'), json_query(line, '$.user_id')) as user_text,
    coalesce(json_value(line, '$.price'), json_query(line, '$.price')) as price_text
  from raw_events
  where event_time <= to_timestamp_ltz(0, 3)
)

select
  line,
  case
    when line is not json object then 'not_json'
    when time_text is null then 'missing_field:event_time'
    when claimed_at is null or claimed_at <= to_timestamp_ltz(0, 3)
      then 'event_time_unreadable:event_time'
    when claimed_at > arrived_at + interval '1' minute then 'event_time_in_future:event_time'
    when event_id is null then 'missing_field:event_id'
    when event_type is null then 'missing_field:event_type'
    when event_type not in ('view', 'cart', 'remove_from_cart', 'purchase', 'heartbeat')
      then 'unknown_event_type:event_type'
    when product_text is null then 'missing_field:product_id'
    when product_id is null then 'wrong_type:product_id'
    when category_text is null then 'missing_field:category_id'
    when category_id is null then 'wrong_type:category_id'
    when user_text is null then 'missing_field:user_id'
    when user_id is null then 'wrong_type:user_id'
    when price_text is null then 'missing_field:price'
    when price is null then 'wrong_type:price'
    else 'negative_price:price'
  end as reason
from claims
