-- Crossings of one rule by one entity, each less than ten minutes from the next, are one episode; it
-- shows its highest value, the earliest of several. As `alert_recorder` folds them on the stream.
create or replace temporary table episodes as
with distinct_crossings as (
  select *
  from detections
  qualify row_number() over (
    partition by rule, entity_type, entity_id, crossed_at
    order by observed_value desc, evidence
  ) = 1
),

begun as (
  select
    *,
    case
      when crossed_at - lag(crossed_at) over crossings < interval '10' minute then 0
      else 1
    end as is_first
  from distinct_crossings
  window crossings as (partition by rule, entity_type, entity_id order by crossed_at)
),

numbered as (
  select
    *,
    sum(is_first) over (
      partition by rule, entity_type, entity_id
      order by crossed_at
      rows between unbounded preceding and current row
    ) as episode
  from begun
)

select
  rule,
  arg_max(rule_version, crossed_at) as rule_version,
  entity_type,
  entity_id,
  any_value(severity) as severity,
  min(crossed_at) - to_seconds(any_value(window_seconds)) as started_at,
  min(crossed_at) as opened_at,
  max(crossed_at) as last_crossed_at,
  count(*) as crossing_count,
  max(observed_value) as peak_value,
  any_value(threshold) as threshold,
  arg_max(evidence, (observed_value, -epoch_ms(crossed_at))) as evidence
from numbered
group by rule, entity_type, entity_id, episode
