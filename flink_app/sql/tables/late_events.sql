-- A good event that came after the watermark had passed it; no rule has seen it.
create table late_events (
  event_id string,
  event_time string,
  event_type string,
  product_id bigint,
  category_id bigint,
  category_code string,
  brand string,
  price string,
  user_id bigint,
  user_session string,
  watermark_at string,
  line_length int,
  is_cut boolean
)
$partitioning
with (
$options
)
