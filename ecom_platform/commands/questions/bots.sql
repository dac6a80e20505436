-- A day's figures for everybody, for people, and the difference, which is what bots did.
with day as (
    select *
    from marts.daily_bot_impact
    where event_date = $end_date
),

figures as (
    select
        1 as place,
        'visitors' as figure,
        visitor_count as everybody,
        people_visitor_count as people,
        bot_visitor_count as bots
    from day
    union all
    select 2, 'events', event_count, people_event_count, bot_event_count from day
    union all
    select 3, 'carts', cart_count, people_cart_count, bot_cart_count from day
    union all
    select 4, 'purchases', purchase_count, people_purchase_count, bot_purchase_count from day
    union all
    select 5, 'revenue', revenue_amount, people_revenue_amount, bot_revenue_amount from day
    union all
    select
        6,
        'ghost carts, percent of carts',
        100 * ghost_cart_rate,
        0,
        100 * ghost_cart_rate
    from day
    union all
    select
        7,
        'carts abandoned, percent',
        100 * abandonment_rate,
        100 * people_abandonment_rate,
        100 * (abandonment_rate - people_abandonment_rate)
    from day
)

select
    figure,
    cast(everybody as double) as everybody,
    cast(people as double) as people,
    cast(bots as double) as difference
from figures
order by place
