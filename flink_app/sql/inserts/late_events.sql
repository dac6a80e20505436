-- Free text is cut as in dead letters: one long brand must not stop the job.
insert into late_events
select
  event_id,
  claimed_time,
  event_type,
  product_id,
  category_id,
  substring(nullif(json_value(line, '$.category_code'), '') from 1 for $longest_text),
  substring(nullif(json_value(line, '$.brand'), '') from 1 for $longest_text),
  cast(price as string),
  user_id,
  user_session,
  date_format(current_watermark(event_time), 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  char_length(line),
  char_length(coalesce(json_value(line, '$.category_code'), '')) > $longest_text
  or char_length(coalesce(json_value(line, '$.brand'), '')) > $longest_text
from good_events
where event_time <= current_watermark(event_time) and not is_future
