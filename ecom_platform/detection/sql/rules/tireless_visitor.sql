-- One user does within an hour more than a person can: is at it in more minutes than $most_minutes, or
-- does more than $most_events things. The observed value is the larger of the two in percent of
-- that, and exceeds $threshold. Several people behind one account are told by sessions that last
-- and overlap: at least $least_sessions, each of $least_session_minutes active minutes on average, at
-- least $least_at_once of them at once.
with hours as (
  select
    user_id,
    minute_at,
    count(*) over recent as active_minutes,
    sum(event_count) over recent as event_count,
    sum(session_count) over recent as session_minutes,
    sum(begun_count) over recent as session_count
  from user_minutes
  window recent as (
    partition by user_id
    order by minute_at
    range between interval '59' minute preceding and current row
  )
),

measured as (
  select
    user_id,
    minute_at + interval '59.999' second as event_time,
    extract(epoch from minute_at) * 1000 as observed_ms,
    active_minutes,
    event_count,
    session_count,
    case
      when
        session_count >= $least_sessions
        and session_minutes >= session_count * $least_session_minutes
        and session_minutes >= active_minutes * $least_at_once
        then 0
      else floor(
        100 * greatest(
          cast(active_minutes as double) / $most_minutes,
          cast(event_count as double) / $most_events
        )
      )
    end as observed_value
  from hours
),

compared as (
  select
    *,
    sum(observed_value) over two - observed_value as previous_value,
    sum(observed_ms) over two - observed_ms as previous_ms
  from measured
  window two as (
    partition by user_id
    order by event_time
    rows between 1 preceding and current row
  )
)

select
  user_id as entity_id,
  event_time,
  observed_value,
  active_minutes,
  event_count,
  session_count
from compared
where $crossing
