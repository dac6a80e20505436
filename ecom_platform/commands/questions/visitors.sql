-- Who came, day by day.
select
    event_date as day,
    visitor_count as visitors,
    session_count as sessions,
    view_count as views,
    cart_count as carts,
    purchase_count as purchases,
    buyer_count as buyers,
    revenue_amount as revenue,
    is_partial as partial
from marts.daily_visitors
where audience = 'all'
order by event_date
