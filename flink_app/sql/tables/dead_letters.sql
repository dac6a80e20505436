-- A record that no rule can use, word for word, with the reason. A long one is cut: `line_length` has
-- its characters, and `is_cut` says so.
create table dead_letters (
  received_at string,
  reason string,
  field string,
  line string,
  line_length int,
  is_cut boolean
)
$partitioning
with (
$options
)
