-- rule_time, the time by which rules order events, in milliseconds: the event's own where its
-- sender's clock can be believed, else that of its arrival. Events of files have only their own.
case
  when arrived_ms is null then event_ms
  when event_ms between arrived_ms - $tolerance_ms and arrived_ms + $tolerance_ms then event_ms
  else arrived_ms
end
