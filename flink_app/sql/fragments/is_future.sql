-- Whether the event's own time lies more than a minute after its arrival. Rules count such a record
-- nevertheless; the lake and the sessions refuse it. Only where rule_time is the arrival need the
-- time be read again.
(
  event_time > arrived_at + interval '1' minute
  or (event_time = arrived_at and $claimed_time > arrived_at + interval '1' minute)
)
