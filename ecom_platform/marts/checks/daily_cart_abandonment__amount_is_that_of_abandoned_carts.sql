-- The abandoned amount is the sum over the products that unconverted session-days left.
select
    days.event_date,
    days.audience,
    days.abandoned_amount,
    coalesce(sum(carts.last_cart_price), 0) as amount_of_carts
from marts.daily_cart_abandonment as days
left join marts.abandoned_carts as carts
    on days.event_date = carts.event_date
    and days.audience = carts.audience
    and not carts.is_session_converted
group by days.event_date, days.audience, days.abandoned_amount
having days.abandoned_amount <> coalesce(sum(carts.last_cart_price), 0)
