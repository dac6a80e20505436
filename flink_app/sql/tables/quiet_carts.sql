-- A session that changed its cart and then did nothing for a while; once for each such pause.
create table quiet_carts (
  user_id bigint,
  user_session string,
  last_event_at string,
  cart_changes string
)
$partitioning
with (
$options
)
