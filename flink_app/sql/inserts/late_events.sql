insert into late_events
select
  event_id,
  claimed_time,
  event_type,
  product_id,
  category_id,
  json_value(line, '$.category_code'),
  json_value(line, '$.brand'),
  cast(price as string),
  user_id,
  user_session,
  date_format(current_watermark(event_time), 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z''')
from good_events
where event_time <= current_watermark(event_time)
