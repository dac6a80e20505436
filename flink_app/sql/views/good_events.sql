-- Records that are events, also those from the future; bad ones have the time 1970, and a heartbeat
-- is no event.
create temporary view good_events as
select
  line,
  event_time,
  extract(epoch from event_time) * 1000 + extract(millisecond from event_time) as event_ms,
  $is_future as is_future,
  json_value(line, '$.event_id') as event_id,
  json_value(line, '$.event_time') as claimed_time,
  json_value(line, '$.event_type') as event_type,
  $product_id as product_id,
  $category_id as category_id,
  $price as price,
  $user_id as user_id,
  nullif(json_value(line, '$.user_session'), '') as user_session
from raw_events
where event_time > to_timestamp_ltz(0, 3) and json_value(line, '$.event_type') <> 'heartbeat'
