-- What the rules read: good events that are in time.
create temporary view events as
select
  event_id,
  event_time,
  extract(epoch from event_time) * 1000 + extract(millisecond from event_time) as event_ms,
  event_type,
  product_id,
  price,
  user_id,
  user_session
from good_events
where current_watermark(event_time) is null or event_time > current_watermark(event_time)
