-- Products that a session-day left in its cart. A product is left when its last cart or remove
-- event of the day is a cart (within one second the cart wins) and the session did not buy it at or
-- after its first cart event of that day, within 24 hours of it.
with cart_events as (
    select
        event_date,
        user_id,
        user_session,
        product_id,
        event_type,
        event_time,
        price,
        category_code,
        brand
    from lake.events
    where
        event_type in ('cart', 'remove_from_cart')
        and user_session is not null
        and event_date between $start_date and $end_date
),

cart_products as (
    select
        event_date,
        user_id,
        user_session,
        product_id,
        min(case when event_type = 'cart' then event_time end) as first_carted_at,
        max(case when event_type = 'cart' then event_time end) as last_carted_at,
        max(case when event_type = 'remove_from_cart' then event_time end) as last_removed_at
    from cart_events
    group by event_date, user_id, user_session, product_id
),

left_products as (
    select
        event_date,
        user_id,
        user_session,
        product_id,
        first_carted_at,
        last_carted_at
    from cart_products
    where
        last_carted_at is not null
        and (last_removed_at is null or last_carted_at >= last_removed_at)
),

cart_sessions as (
    select
        event_date,
        user_id,
        user_session,
        min(first_carted_at) as first_carted_at
    from cart_products
    where first_carted_at is not null
    group by event_date, user_id, user_session
),

purchases as (
    select
        user_id,
        user_session,
        product_id,
        event_time
    from lake.events
    where
        event_type = 'purchase'
        and user_session is not null
        and event_date between $start_date and $end_date + interval '1' day
),

bought_products as (
    select distinct
        left_products.event_date,
        left_products.user_id,
        left_products.user_session,
        left_products.product_id
    from left_products
    inner join purchases
        on left_products.user_id = purchases.user_id
        and left_products.user_session = purchases.user_session
        and left_products.product_id = purchases.product_id
    where
        purchases.event_time >= left_products.first_carted_at
        and purchases.event_time <= left_products.first_carted_at + interval '24' hour
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

last_carts as (
    select
        left_products.event_date,
        left_products.user_id,
        left_products.user_session,
        left_products.product_id,
        left_products.first_carted_at,
        left_products.last_carted_at,
        max(cart_events.price) as last_cart_price,
        coalesce(max(cart_events.category_code), 'unknown') as category_code,
        coalesce(max(cart_events.brand), 'unknown') as brand
    from left_products
    inner join cart_events
        on left_products.event_date = cart_events.event_date
        and left_products.user_id = cart_events.user_id
        and left_products.user_session = cart_events.user_session
        and left_products.product_id = cart_events.product_id
        and left_products.last_carted_at = cart_events.event_time
    where cart_events.event_type = 'cart'
    group by
        left_products.event_date,
        left_products.user_id,
        left_products.user_session,
        left_products.product_id,
        left_products.first_carted_at,
        left_products.last_carted_at
)

select
    $audience as audience,
    last_carts.user_id,
    last_carts.user_session,
    last_carts.product_id,
    last_carts.first_carted_at,
    last_carts.last_carted_at,
    last_carts.last_cart_price,
    last_carts.category_code,
    last_carts.brand,
    converted_sessions.user_id is not null as is_session_converted,
    last_carts.event_date
from last_carts
left join bought_products
    on last_carts.event_date = bought_products.event_date
    and last_carts.user_id = bought_products.user_id
    and last_carts.user_session = bought_products.user_session
    and last_carts.product_id = bought_products.product_id
left join converted_sessions
    on last_carts.event_date = converted_sessions.event_date
    and last_carts.user_id = converted_sessions.user_id
    and last_carts.user_session = converted_sessions.user_session
where bought_products.product_id is null
