-- Records that are events; bad ones have the time 1970, and a heartbeat is no event.
create temporary view good_events as
select
  line,
  event_id,
  claimed_time,
  event_time,
  event_type,
  product_id,
  category_id,
  price,
  user_id,
  user_session
from raw_events
where event_time > to_timestamp_ltz(0, 3) and event_type <> 'heartbeat'
