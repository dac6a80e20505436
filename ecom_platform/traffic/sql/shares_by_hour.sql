-- Events by UTC hour.
select
    hour(event_time) as key,
    count(*) as event_count
from events
group by hour(event_time)
