-- One crossing of one rule by one entity.
create table detections (
  rule string,
  rule_version int,
  entity_type string,
  entity_id string,
  severity string,
  crossed_at string,
  window_seconds int,
  observed_value double,
  threshold double,
  evidence map<string, double>,
  detection_id string
)
$partitioning
with (
$options
)
