-- What the rules read: good events that are in time.
create temporary view events as
select
  event_id,
  event_time,
  event_ms,
  $rule_ms as rule_ms,
  event_type,
  product_id,
  price,
  user_id,
  user_session
from good_events
where current_watermark(event_time) is null or event_time > current_watermark(event_time)
