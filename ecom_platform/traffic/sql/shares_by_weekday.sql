-- Mean events of a weekday, Monday is 0.
with days as (
    select
        isodow(event_time) - 1 as weekday,
        cast(event_time as date) as event_date,
        count(*) as event_count
    from events
    group by all
)

select
    weekday as key,
    avg(event_count) as event_count
from days
group by weekday
