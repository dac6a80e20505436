-- One row of figures over table `events`, each defined as its publisher defined it: a session is a `user_session`
-- of the whole period, a bought cart is any session with both a cart and a purchase.
with gaps as (
    select
        epoch(event_time - lag(event_time) over in_session) as gap_seconds,
        product_id = lag(product_id) over in_session as is_same_product
    from events
    window in_session as (partition by user_session order by event_time)
),

bursts as (
    select
        count(*) over (
            partition by user_id
            order by event_time
            range between interval 10 seconds preceding and current row
        ) as events_in_10_seconds
    from events
),

sessions as (
    select
        count(*) as event_count,
        count(distinct cast(event_time as date)) as day_count,
        count(*) filter (where event_type = 'cart') as cart_count,
        count(*) filter (where event_type = 'purchase') as purchase_count
    from events
    group by user_session
),

days as (
    select
        count(*) as event_count,
        count(distinct user_id) as user_count,
        count(distinct user_session) as session_count,
        cast(count(*) filter (where event_type = 'cart') as double)
            / count(*) filter (where event_type = 'view') as carts_per_view
    from events
    group by cast(event_time as date)
),

head as (
    select * from events order by event_time limit 17434
),

of_events as (
    select
        count(*) as event_count,
        count(distinct user_id) as user_count,
        count(*) filter (where event_type = 'view') as view_count,
        count(*) filter (where event_type = 'cart') as cart_count,
        count(*) filter (where event_type = 'purchase') as purchase_count,
        count(*) filter (where event_type = 'remove_from_cart') as removal_count,
        avg(cast(category_code is null as integer)) as null_category_code_share,
        avg(cast(brand is null as integer)) as null_brand_share,
        avg(cast(price = 0 as integer)) as zero_price_share,
        count(*) filter (where price = 0 and event_type <> 'view') as zero_prices_beyond_views,
        median(price) as median_price,
        max(price) as max_price
    from events
)

select
    of_events.*,
    cast(cart_count as double) / view_count as carts_per_view,
    cast(purchase_count as double) / view_count as purchases_per_view,
    of_sessions.*,
    of_gaps.*,
    of_days.*,
    user_count / users_per_day as users_per_daily_user,
    of_head.*,
    (select max(events_in_10_seconds) from bursts) as most_events_in_10_seconds,
    (select quantile_disc(events_in_10_seconds, 0.999) from bursts) as events_in_10_seconds_p999
from of_events
cross join (
    select
        avg(event_count) as events_per_session,
        quantile_disc(event_count, 0.5) as events_per_session_p50,
        quantile_disc(event_count, 0.9) as events_per_session_p90,
        quantile_disc(event_count, 0.99) as events_per_session_p99,
        max(event_count) as events_per_session_max,
        avg(cast(event_count = 1 as integer)) as single_event_session_share,
        avg(day_count) as days_per_session,
        max(day_count) as days_per_session_max,
        avg(cast(cart_count > 0 as integer)) as cart_session_share,
        avg(cast(purchase_count > 0 as integer)) as buying_session_share,
        avg(cast(purchase_count = 0 as integer)) filter (where cart_count > 0) as cart_sessions_unbought_share,
        avg(cast(cart_count = 0 as integer)) filter (where purchase_count > 0)
            as buying_sessions_without_cart_share,
        avg(cart_count) filter (where cart_count > 0) as carts_per_cart_session,
        avg(purchase_count) filter (where purchase_count > 0) as purchases_per_buying_session
    from sessions
) as of_sessions
cross join (
    select
        quantile_cont(gap_seconds, 0.05) as gap_p05,
        quantile_cont(gap_seconds, 0.5) as gap_p50,
        quantile_cont(gap_seconds, 0.9) as gap_p90,
        quantile_cont(gap_seconds, 0.99) as gap_p99,
        avg(cast(is_same_product as integer)) as same_product_share
    from gaps
    where gap_seconds is not null
) as of_gaps
cross join (
    select
        count(*) as day_count,
        avg(user_count) as users_per_day,
        sum(session_count) / sum(user_count) as sessions_per_user_day,
        min(carts_per_view) as carts_per_view_lowest_day,
        max(carts_per_view) as carts_per_view_highest_day
    from days
) as of_days
cross join (
    select
        count(distinct product_id) as head_products,
        count(distinct category_id) as head_category_ids,
        count(distinct brand) as head_brands
    from head
) as of_head
