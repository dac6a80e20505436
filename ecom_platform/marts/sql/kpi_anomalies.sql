-- The five figures of people that are watched, a row a day and figure, and those of the weeks before
-- with which each day is compared. What is expected is filled in by `marts/anomalies.py`.
with visitors as (
    select *
    from marts.daily_visitors
    where
        audience = 'people'
        and event_date between $start_date - interval '42' day and $end_date
),

figures as (
    select
        'visitors' as kpi,
        cast(visitor_count as double) as value,
        visitor_count as thing_count,
        is_partial,
        event_date
    from visitors
    union all
    select
        'carts' as kpi,
        cast(cart_count as double) as value,
        cart_count as thing_count,
        is_partial,
        event_date
    from visitors
    union all
    select
        'purchases' as kpi,
        cast(purchase_count as double) as value,
        purchase_count as thing_count,
        is_partial,
        event_date
    from visitors
    union all
    select
        'revenue' as kpi,
        cast(revenue_amount as double) as value,
        buyer_count as thing_count,
        is_partial,
        event_date
    from visitors
    union all
    select
        'conversion' as kpi,
        cast(buyer_count as double) / nullif(visitor_count, 0) as value,
        buyer_count as thing_count,
        is_partial,
        event_date
    from visitors
)

select
    kpi,
    value,
    thing_count,
    cast(null as double) as expected_value,
    cast(null as double) as lower_value,
    cast(null as double) as upper_value,
    cast(null as bigint) as days_with_data,
    cast(null as boolean) as is_unusual,
    is_partial,
    event_date
from figures
