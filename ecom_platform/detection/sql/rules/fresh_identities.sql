-- OWASP Automated Threats: OAT-011 scraping and OAT-015 denial of service, an identity a hit.
-- Of at least $least_users users within $window_minutes minutes more than $threshold percent look at one
-- product and do nothing else, each at another. People who follow one link look at few products,
-- however many they are.
with visits as (
  select
    time_bucket(interval '$window_minutes' minute, event_time) as began_at,
    user_id,
    count(distinct event_id) as event_count,
    min(product_id) as product_id
  from events
  group by all
),

intervals as (
  select
    began_at,
    count(*) as user_count,
    count(distinct product_id) filter (where event_count = 1) as product_count
  from visits
  group by began_at
),

measured as (
  select
    *,
    floor(100 * product_count / user_count) as observed_value
  from intervals
)

select
  'all' as entity_id,
  began_at + interval '$window_minutes' minute - interval '1' millisecond as event_time,
  observed_value,
  user_count,
  product_count
from measured
where user_count >= $least_users and observed_value > $threshold
