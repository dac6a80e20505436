-- The running state of a session, absolute: of two rows the one with the later as_of_at counts.
create table user_sessions (
  user_id bigint,
  user_session string,
  as_of_at string,
  first_event_at string,
  last_event_at string,
  event_count bigint,
  view_count bigint,
  cart_count bigint,
  remove_from_cart_count bigint,
  purchase_count bigint,
  cart_amount string,
  revenue_amount string,
  last_product_id bigint
)
$partitioning
with (
$options
)
