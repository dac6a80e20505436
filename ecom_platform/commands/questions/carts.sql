-- What became of carts, day by day.
select
    days.event_date as day,
    days.cart_session_count as cart_sessions,
    days.converted_session_count as converted,
    days.emptied_session_count as emptied,
    days.abandoned_session_count as abandoned,
    100 * days.abandonment_rate as abandoned_percent,
    days.abandoned_amount as value_left,
    count(carts.product_id) as products_left,
    days.is_mature as mature
from marts.daily_cart_abandonment as days
left join marts.abandoned_carts as carts
    on days.event_date = carts.event_date and days.audience = carts.audience
where days.audience = 'all'
group by
    days.event_date,
    days.cart_session_count,
    days.converted_session_count,
    days.emptied_session_count,
    days.abandoned_session_count,
    days.abandonment_rate,
    days.abandoned_amount,
    days.is_mature
order by day
