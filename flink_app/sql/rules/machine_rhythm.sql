-- OWASP Automated Threats: OAT-011 scraping and OAT-006 expediting, paced by a timer.
-- The last $gap_count pauses of one user and this one are more even than a person's: regularity is
-- 100 minus their coefficient of variation in percent, in whole numbers, and exceeds $threshold.
-- Pauses shorter than $shortest_gap_ms ms (one click, two events) or longer than $longest_gap_ms ms
-- (away from the desk) do not count. A pause lies between two steps.
with clocked as (
  select
    user_id,
    event_time,
    first_ms,
    sum(last_ms) over (
      partition by user_id
      order by event_time
      rows between 1 preceding and current row
    ) - last_ms as earlier_ms
  from user_steps
),

gaps as (
  select
    user_id,
    event_time,
    first_ms,
    first_ms - earlier_ms as gap_ms
  from clocked
),

summed as (
  select
    user_id,
    event_time,
    first_ms,
    cast(count(*) over recent as double) as gap_count,
    cast(sum(gap_ms) over recent as double) as gap_sum,
    cast(sum(gap_ms * gap_ms) over recent as double) as square_sum
  from gaps
  where gap_ms between $shortest_gap_ms and $longest_gap_ms
  window recent as (
    partition by user_id
    order by event_time
    rows between $gap_count preceding and current row
  )
),

measured as (
  select
    user_id,
    event_time,
    first_ms as observed_ms,
    gap_sum / gap_count as mean_gap_ms,
    case
      when gap_count <= $gap_count then cast(0 as double)
      else floor(
        100 - 100 * sqrt(gap_count * square_sum - gap_sum * gap_sum) / gap_sum
      )
    end as observed_value
  from summed
),

compared as (
  select
    user_id,
    event_time,
    observed_ms,
    mean_gap_ms,
    observed_value,
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
  mean_gap_ms
from compared
where $crossing
