-- A record that no rule can use, word for word, with the reason.
create table dead_letters (
  received_at string,
  reason string,
  field string,
  line string
)
$partitioning
with (
$options
)
