-- Whether a row crosses the threshold: the row before did not exceed it, or lies in an earlier five
-- minutes of the clock, so that an alert stays open while an attack lasts.
observed_value > $threshold
and (
  previous_value <= $threshold
  or floor(observed_ms / 300000) > floor(previous_ms / 300000)
)
