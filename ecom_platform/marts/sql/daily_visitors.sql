-- How many people came on a day, in how many sessions, and what they did.
-- A session is a pair of user and session id, because one session id can belong to two users.
with sessions as (
    select
        event_date,
        user_id,
        user_session,
        count(*) as event_count,
        sum(case when event_type = 'view' then 1 else 0 end) as view_count,
        sum(case when event_type = 'cart' then 1 else 0 end) as cart_count,
        sum(case when event_type = 'remove_from_cart' then 1 else 0 end) as remove_from_cart_count,
        sum(case when event_type = 'purchase' then 1 else 0 end) as purchase_count,
        sum(case when event_type = 'purchase' then price else 0 end) as revenue_amount
    from lake.events
    where event_date between $start_date and $end_date
    group by event_date, user_id, user_session
),

days as (
    select
        event_date,
        count(distinct user_id) as visitor_count,
        sum(case when user_session is not null then 1 else 0 end) as session_count,
        sum(event_count) as event_count,
        sum(view_count) as view_count,
        sum(cart_count) as cart_count,
        sum(remove_from_cart_count) as remove_from_cart_count,
        sum(purchase_count) as purchase_count,
        count(distinct case when purchase_count > 0 then user_id end) as buyer_count,
        sum(revenue_amount) as revenue_amount,
        sum(case when user_session is null then event_count else 0 end)
            as events_without_session_count
    from sessions
    group by event_date
)

select
    $audience as audience,
    days.visitor_count,
    days.session_count,
    days.event_count,
    days.view_count,
    days.cart_count,
    days.remove_from_cart_count,
    days.purchase_count,
    days.buyer_count,
    days.revenue_amount,
    days.events_without_session_count,
    ledger.is_partial,
    days.event_date
from days
inner join lake.event_days as ledger on days.event_date = ledger.event_date
