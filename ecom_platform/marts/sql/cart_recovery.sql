-- Of the products that were left in carts: how many the same user bought later, in whichever session,
-- within one, three, seven and fourteen days of the last cart event. A window whose last day is not
-- there, or is partial, is open: its count may grow.
with left_products as (
    select
        event_date,
        category_code,
        brand,
        user_id,
        user_session,
        product_id,
        last_carted_at,
        last_cart_price
    from marts.abandoned_carts
    where audience = $audience and event_date between $start_date and $end_date
),

purchases as (
    select
        user_id,
        product_id,
        event_time
    from lake.events
    where
        event_type = 'purchase'
        and event_date between $start_date and $end_date + interval '14' day
),

outcomes as (
    select
        left_products.event_date,
        left_products.category_code,
        left_products.brand,
        left_products.user_id,
        left_products.user_session,
        left_products.product_id,
        left_products.last_carted_at,
        left_products.last_cart_price,
        min(purchases.event_time) as bought_at
    from left_products
    left join purchases
        on left_products.user_id = purchases.user_id
        and left_products.product_id = purchases.product_id
        and left_products.last_carted_at <= purchases.event_time
    group by
        left_products.event_date,
        left_products.category_code,
        left_products.brand,
        left_products.user_id,
        left_products.user_session,
        left_products.product_id,
        left_products.last_carted_at,
        left_products.last_cart_price
),

horizons as (
    select
        1 as horizon_days,
        interval '1' day as horizon
    union all
    select
        3 as horizon_days,
        interval '3' day as horizon
    union all
    select
        7 as horizon_days,
        interval '7' day as horizon
    union all
    select
        14 as horizon_days,
        interval '14' day as horizon
),

cells as (
    select
        outcomes.event_date,
        outcomes.category_code,
        outcomes.brand,
        horizons.horizon_days,
        count(*) as left_count,
        sum(outcomes.last_cart_price) as left_amount,
        sum(
            case
                when outcomes.bought_at <= outcomes.last_carted_at + horizons.horizon then 1
                else 0
            end
        ) as recovered_count,
        sum(
            case
                when outcomes.bought_at <= outcomes.last_carted_at + horizons.horizon
                    then outcomes.last_cart_price
                else 0
            end
        ) as recovered_amount
    from outcomes
    cross join horizons
    group by
        outcomes.event_date,
        outcomes.category_code,
        outcomes.brand,
        horizons.horizon_days
),

closed as (
    select
        event_days.event_date - horizons.horizon as event_date,
        horizons.horizon_days
    from lake.event_days as event_days
    cross join horizons
    where not event_days.is_partial
)

select
    $audience as audience,
    cells.category_code,
    cells.brand,
    cells.horizon_days,
    cells.left_count,
    cells.left_amount,
    cells.recovered_count,
    cells.recovered_amount,
    closed.horizon_days is null as is_open,
    cells.event_date
from cells
left join closed
    on cells.event_date = closed.event_date
    and cells.horizon_days = closed.horizon_days
