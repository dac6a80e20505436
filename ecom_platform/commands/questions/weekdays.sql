-- The best three categories of each weekday, by views per day that has data.
select
    case weekday
        when 1 then 'Monday'
        when 2 then 'Tuesday'
        when 3 then 'Wednesday'
        when 4 then 'Thursday'
        when 5 then 'Friday'
        when 6 then 'Saturday'
        else 'Sunday'
    end as weekday,
    days_with_data as days,
    min(case when view_rank = 1 then category_code end) as first_by_views,
    min(case when view_rank = 2 then category_code end) as second,
    min(case when view_rank = 3 then category_code end) as third,
    min(case when revenue_rank = 1 then category_code end) as first_by_revenue
from marts.weekday_category_ranking
where event_date = $end_date and audience = 'all'
group by weekday, days_with_data
order by weekday
