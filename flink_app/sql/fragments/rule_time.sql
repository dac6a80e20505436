-- rule_time, by which the job orders events: the event's own time where it lies less than
-- $tolerance_seconds seconds from the record's arrival, else the arrival, so that a clock that is
-- wrong cannot hide an attack. A text that is no time gives 1970.
case
  when abs(timestampdiff(second, $claimed_time, arrived_at)) < $tolerance_seconds
    then $claimed_time
  when $claimed_time > to_timestamp_ltz(0, 3) then arrived_at
  else to_timestamp_ltz(0, 3)
end
