-- What became of the session-days that put something into a cart: converted (a purchase in the same
-- session at or after the first cart event and within 24 hours of it), emptied (not converted, and
-- of every product the day's last cart or remove event is a remove), or abandoned.
with cart_products as (
    select
        event_date,
        user_id,
        user_session,
        product_id,
        min(case when event_type = 'cart' then event_time end) as first_carted_at,
        max(case when event_type = 'cart' then event_time end) as last_carted_at,
        max(case when event_type = 'remove_from_cart' then event_time end) as last_removed_at
    from lake.events
    where
        event_type in ('cart', 'remove_from_cart')
        and user_session is not null
        and event_date between $start_date and $end_date
    group by event_date, user_id, user_session, product_id
),

cart_sessions as (
    select
        event_date,
        user_id,
        user_session,
        min(first_carted_at) as first_carted_at,
        max(case
            when
                last_carted_at is not null
                and (last_removed_at is null or last_carted_at >= last_removed_at)
                then 1
            else 0
        end) as has_products_left
    from cart_products
    group by event_date, user_id, user_session
    having min(first_carted_at) is not null
),

purchases as (
    select
        user_id,
        user_session,
        event_time
    from lake.events
    where
        event_type = 'purchase'
        and user_session is not null
        and event_date between $start_date and $end_date + interval '1' day
),

converted_sessions as (
    select distinct
        cart_sessions.event_date,
        cart_sessions.user_id,
        cart_sessions.user_session
    from cart_sessions
    inner join purchases
        on cart_sessions.user_id = purchases.user_id
        and cart_sessions.user_session = purchases.user_session
    where
        purchases.event_time >= cart_sessions.first_carted_at
        and purchases.event_time <= cart_sessions.first_carted_at + interval '24' hour
),

session_outcomes as (
    select
        cart_sessions.event_date,
        case when converted_sessions.user_id is not null then 1 else 0 end as is_converted,
        case
            when converted_sessions.user_id is null and cart_sessions.has_products_left = 0 then 1
            else 0
        end as is_emptied
    from cart_sessions
    left join converted_sessions
        on cart_sessions.event_date = converted_sessions.event_date
        and cart_sessions.user_id = converted_sessions.user_id
        and cart_sessions.user_session = converted_sessions.user_session
),

outcome_days as (
    select
        event_date,
        count(*) as cart_session_count,
        sum(is_converted) as converted_session_count,
        sum(is_emptied) as emptied_session_count,
        count(*) - sum(is_converted) - sum(is_emptied) as abandoned_session_count
    from session_outcomes
    group by event_date
),

abandoned_amounts as (
    select
        event_date,
        sum(last_cart_price) as abandoned_amount
    from marts.abandoned_carts
    where
        audience = $audience
        and not is_session_converted
        and event_date between $start_date and $end_date
    group by event_date
)

select
    $audience as audience,
    coalesce(outcome_days.cart_session_count, 0) as cart_session_count,
    coalesce(outcome_days.converted_session_count, 0) as converted_session_count,
    coalesce(outcome_days.emptied_session_count, 0) as emptied_session_count,
    coalesce(outcome_days.abandoned_session_count, 0) as abandoned_session_count,
    cast(outcome_days.abandoned_session_count as double)
    / nullif(
        cast(outcome_days.converted_session_count + outcome_days.abandoned_session_count as double),
        0
    ) as abandonment_rate,
    coalesce(abandoned_amounts.abandoned_amount, 0) as abandoned_amount,
    next_day.event_date is not null and not today.is_partial and not next_day.is_partial
        as is_mature,
    today.event_date
from lake.event_days as today
left join lake.event_days as next_day
    on next_day.event_date = today.event_date + interval '1' day and next_day.kept_row_count > 0
left join outcome_days on today.event_date = outcome_days.event_date
left join abandoned_amounts on today.event_date = abandoned_amounts.event_date
where today.kept_row_count > 0 and today.event_date between $start_date and $end_date
