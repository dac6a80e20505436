-- The figures of a day for everybody and for people, and the difference, which is what bots did.
with everybody as (
    select *
    from marts.daily_visitors
    where audience = 'all' and event_date between $start_date and $end_date
),

people as (
    select *
    from marts.daily_visitors
    where audience = 'people' and event_date between $start_date and $end_date
),

carts as (
    select
        event_date,
        max(case when audience = 'all' then abandonment_rate end) as abandonment_rate,
        max(case when audience = 'people' then abandonment_rate end) as people_abandonment_rate
    from marts.daily_cart_abandonment
    group by event_date
),

verdicts as (
    select
        event_date,
        count(distinct case when is_excluded then user_id end) as bot_count,
        count(case when entity_type = 'site' then rule end) as attack_count
    from lake.bot_verdicts
    group by event_date
)

select
    coalesce(verdicts.bot_count, 0) as bot_count,
    everybody.visitor_count,
    coalesce(people.visitor_count, 0) as people_visitor_count,
    everybody.visitor_count - coalesce(people.visitor_count, 0) as bot_visitor_count,
    everybody.event_count,
    coalesce(people.event_count, 0) as people_event_count,
    everybody.event_count - coalesce(people.event_count, 0) as bot_event_count,
    everybody.view_count,
    coalesce(people.view_count, 0) as people_view_count,
    everybody.view_count - coalesce(people.view_count, 0) as bot_view_count,
    everybody.cart_count,
    coalesce(people.cart_count, 0) as people_cart_count,
    everybody.cart_count - coalesce(people.cart_count, 0) as bot_cart_count,
    everybody.purchase_count,
    coalesce(people.purchase_count, 0) as people_purchase_count,
    everybody.purchase_count - coalesce(people.purchase_count, 0) as bot_purchase_count,
    everybody.revenue_amount,
    coalesce(people.revenue_amount, 0) as people_revenue_amount,
    everybody.revenue_amount - coalesce(people.revenue_amount, 0) as bot_revenue_amount,
    cast(everybody.cart_count - coalesce(people.cart_count, 0) as double)
    / nullif(everybody.cart_count, 0) as ghost_cart_rate,
    carts.abandonment_rate,
    carts.people_abandonment_rate,
    coalesce(verdicts.attack_count > 0, false) as is_under_attack,
    everybody.event_date
from everybody
left join people on everybody.event_date = people.event_date
left join carts on everybody.event_date = carts.event_date
left join verdicts on everybody.event_date = verdicts.event_date
