-- The best category of each hour of the last day, by views and by revenue.
select
    hour,
    min(case when view_rank = 1 then category_code end) as most_viewed,
    max(case when view_rank = 1 then view_count end) as views,
    min(case when revenue_rank = 1 then category_code end) as most_revenue,
    max(case when revenue_rank = 1 then revenue_amount end) as revenue
from marts.hourly_category_activity
where event_date = $end_date and audience = 'all'
group by hour
order by hour
