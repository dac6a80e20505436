-- Session-days that viewed, then carted, then bought. Events of one second count as in order. Many
-- buyers never show a cart event; they are counted apart.
with session_days as (
    select
        event_date,
        user_id,
        user_session,
        min(case when event_type = 'view' then event_time end) as first_viewed_at,
        max(case when event_type = 'cart' then event_time end) as last_carted_at,
        max(case when event_type = 'purchase' then event_time end) as last_purchased_at
    from lake.events
    where user_session is not null and event_date between $start_date and $end_date
    group by event_date, user_id, user_session
),

first_carts_after_view as (
    select
        session_days.event_date,
        session_days.user_id,
        session_days.user_session,
        min(events.event_time) as carted_at
    from session_days
    inner join lake.events as events
        on session_days.event_date = events.event_date
        and session_days.user_id = events.user_id
        and session_days.user_session = events.user_session
    where
        events.event_type = 'cart'
        and events.event_date between $start_date and $end_date
        and events.event_time >= session_days.first_viewed_at
    group by session_days.event_date, session_days.user_id, session_days.user_session
)

select
    $audience as audience,
    count(*) as session_count,
    sum(case when session_days.first_viewed_at is not null then 1 else 0 end)
        as viewed_session_count,
    sum(case when carts.carted_at is not null then 1 else 0 end) as carted_session_count,
    sum(case when session_days.last_purchased_at >= carts.carted_at then 1 else 0 end)
        as purchased_session_count,
    sum(case
        when
            session_days.last_purchased_at is not null and session_days.last_carted_at is null
            then 1
        else 0
    end) as purchase_without_cart_session_count,
    session_days.event_date
from session_days
left join first_carts_after_view as carts
    on session_days.event_date = carts.event_date
    and session_days.user_id = carts.user_id
    and session_days.user_session = carts.user_session
group by session_days.event_date
