-- The top categories per weekday over the 28 days that end on the partition's day, per day of that
-- weekday that has data: a day on which a category had nothing counts as 0 for it.
-- 2018-01-01 is a Monday, so the days since then give the ISO weekday on every engine.
with category_days as (
    select
        event_date,
        cast(date_diff('day', date '2018-01-01', event_date) % 7 + 1 as integer) as weekday,
        category_code,
        sum(view_count) as view_count,
        sum(cart_count) as cart_count,
        sum(purchase_count) as purchase_count,
        sum(revenue_amount) as revenue_amount
    from marts.hourly_category_activity
    where audience = $audience
    group by event_date, category_code
),

data_days as (
    select distinct
        event_date,
        weekday
    from category_days
),

windows as (
    select
        target.event_date as window_date,
        source.weekday,
        count(*) as days_with_data
    from data_days as target
    inner join data_days as source
        on source.event_date between target.event_date - interval '27' day and target.event_date
    where target.event_date between $start_date and $end_date
    group by target.event_date, source.weekday
),

categories as (
    select
        windows.window_date,
        windows.weekday,
        category_days.category_code,
        windows.days_with_data,
        cast(sum(category_days.view_count) as double) / windows.days_with_data as views_per_day,
        cast(sum(category_days.cart_count) as double) / windows.days_with_data as carts_per_day,
        cast(sum(category_days.purchase_count) as double) / windows.days_with_data
            as purchases_per_day,
        cast(sum(category_days.revenue_amount) as double) / windows.days_with_data
            as revenue_per_day
    from windows
    inner join category_days
        on windows.weekday = category_days.weekday
        and category_days.event_date
        between windows.window_date - interval '27' day and windows.window_date
    group by
        windows.window_date,
        windows.weekday,
        category_days.category_code,
        windows.days_with_data
),

ranked as (
    select
        *,
        rank() over (
            partition by window_date, weekday, category_code = 'unknown'
            order by views_per_day desc
        ) as view_rank,
        rank() over (
            partition by window_date, weekday, category_code = 'unknown'
            order by carts_per_day desc
        ) as cart_rank,
        rank() over (
            partition by window_date, weekday, category_code = 'unknown'
            order by purchases_per_day desc
        ) as purchase_rank,
        rank() over (
            partition by window_date, weekday, category_code = 'unknown'
            order by revenue_per_day desc
        ) as revenue_rank
    from categories
)

select
    $audience as audience,
    weekday,
    category_code,
    days_with_data,
    views_per_day,
    carts_per_day,
    purchases_per_day,
    revenue_per_day,
    case when category_code <> 'unknown' and views_per_day > 0 then view_rank end as view_rank,
    case when category_code <> 'unknown' and carts_per_day > 0 then cart_rank end as cart_rank,
    case when category_code <> 'unknown' and purchases_per_day > 0 then purchase_rank end
        as purchase_rank,
    case when category_code <> 'unknown' and revenue_per_day > 0 then revenue_rank end
        as revenue_rank,
    window_date as event_date
from ranked
