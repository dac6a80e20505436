-- One row a user and tenth of a second with any event, each event id once: what a rule keeps of a
-- user is bounded by its window, whatever the user sends. Its time is the step's last millisecond.
-- The outer filter drops nothing: it makes the steps one node that all rules share, where Flink
-- would otherwise build them anew for each rule.
create temporary view user_steps as
with steps as (
  select
    user_id,
    tumble_rowtime(event_time, interval '0.1' second) as event_time,
    min(event_ms) as first_ms,
    max(event_ms) as last_ms,
    count(distinct event_id) as event_count,
    count(distinct event_id) filter (where event_type = 'view') as view_count
  from events
  group by
    user_id,
    tumble(event_time, interval '0.1' second)
)

select * from steps where event_count > 0
