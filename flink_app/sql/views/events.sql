-- What the rules read: good events that are in time, those from the future too.
create temporary view events as
select
  event_id,
  event_time,
  event_ms,
  is_future,
  event_type,
  product_id,
  price,
  user_id,
  user_session
from good_events
where current_watermark(event_time) is null or event_time > current_watermark(event_time)
