-- In every hour with a known category that was viewed, exactly the best ones have rank 1.
select
    event_date,
    audience,
    hour,
    min(view_rank) as best_rank
from marts.hourly_category_activity
where category_code <> 'unknown' and view_count > 0
group by event_date, audience, hour
having min(view_rank) <> 1
