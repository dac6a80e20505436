-- OWASP Automated Threats: OAT-011 scraping, spread over identities.
-- Within $window_minutes minutes more than $threshold users, and a share of more than
-- $largest_user_rate of all, see $least_views products and more and hardly one of them twice.
with visits as (
  select
    time_bucket(interval '$window_minutes' minute, event_time) as began_at,
    user_id,
    count(distinct event_id) filter (where event_type = 'view') as view_count,
    count(distinct product_id) filter (where event_type = 'view') as product_count
  from events
  group by all
),

crowds as (
  select
    began_at,
    count(*) as user_count,
    count(*) filter (where view_count >= $least_views and product_count >= 0.95 * view_count)
      as novel_count
  from visits
  group by began_at
)

select
  'all' as entity_id,
  began_at + interval '$window_minutes' minute - interval '1' millisecond as event_time,
  novel_count as observed_value,
  user_count
from crowds
where novel_count > $threshold and novel_count > user_count * $largest_user_rate
