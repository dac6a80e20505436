insert into detections
select
  '$rule',
  $version,
  '$entity_type',
  cast(entity_id as string),
  '$severity',
  date_format(event_time, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  $window_seconds,
  observed_value,
  cast($threshold as double),
  map[$evidence],
  concat_ws(
    ':',
    '$rule',
    '$version',
    '$entity_type',
    cast(entity_id as string),
    cast(extract(epoch from event_time) * 1000 + extract(millisecond from event_time) as string)
  )
from rule_$rule
