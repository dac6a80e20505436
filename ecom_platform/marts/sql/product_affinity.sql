-- Products that people looked at, or bought, in the same session-day: the twenty that go with each
-- most often, over the four weeks that end on a Sunday. Pairs are counted once a week, Monday to
-- Sunday, and added over four; most are seen too rarely, and go at once. A session-day with more than $largest_basket products says little of
-- what goes together, and has as many pairs as thousands of others.
-- 2018-01-01 is a Monday, so the days since then give the weekday on every engine.
with bots as (
    select distinct
        event_date,
        user_id
    from lake.bot_verdicts
    where is_excluded
),

baskets as (
    select
        cast(
            events.event_date
            + (6 - date_diff('day', date '2018-01-01', events.event_date) % 7) * interval '1' day
            as date
        ) as week_date,
        events.event_date,
        events.user_id,
        events.user_session,
        events.event_type,
        events.product_id,
        max(events.category_code) as category_code,
        max(events.brand) as brand
    from lake.events as events
    left join bots
        on events.event_date = bots.event_date and events.user_id = bots.user_id
    where
        events.event_type in ('view', 'purchase')
        and events.user_session is not null
        and bots.user_id is null
        and events.event_date between $start_date - interval '27' day and $end_date
        -- Nothing is read where no Sunday is asked for.
        and date_diff('day', date '2018-01-01', $start_date) % 7
        + date_diff('day', $start_date, $end_date) >= 6
    group by
        events.event_date,
        events.user_id,
        events.user_session,
        events.event_type,
        events.product_id
),

sized as (
    select
        *,
        count(*) over (partition by event_date, user_id, user_session, event_type) as product_count,
        row_number() over (
            partition by event_date, user_id, user_session, event_type
            order by product_id
        ) as place,
        count(*) over (partition by event_type, product_id) as basket_count
    from baskets
),

chosen as (
    select *
    from sized
    where product_count <= $largest_basket
),

weekly_sessions as (
    select
        week_date,
        event_type,
        count(*) as session_count
    from chosen
    where place = 1
    group by week_date, event_type
),

weekly_products as (
    select
        week_date,
        event_type,
        product_id,
        count(*) as session_count,
        max(category_code) as category_code,
        max(brand) as brand
    from chosen
    where basket_count >= $minimum_sessions
    group by week_date, event_type, product_id
),

weekly_pairs as (
    select
        one.week_date,
        one.event_type,
        one.product_id,
        other.product_id as other_product_id,
        count(*) as session_count
    from chosen as one
    inner join chosen as other
        on one.event_date = other.event_date
        and one.user_id = other.user_id
        and one.user_session = other.user_session
        and one.event_type = other.event_type
        and one.product_id < other.product_id
    where
        one.basket_count >= $minimum_sessions
        and other.basket_count >= $minimum_sessions
    group by one.week_date, one.event_type, one.product_id, other.product_id
),

windows as (
    select
        target.week_date as window_date,
        target.event_type,
        source.week_date,
        source.session_count
    from weekly_sessions as target
    inner join weekly_sessions as source
        on target.event_type = source.event_type
        and source.week_date between target.week_date - interval '21' day and target.week_date
    where target.week_date between $start_date and $end_date
),

totals as (
    select
        window_date,
        event_type,
        sum(session_count) as session_count
    from windows
    group by window_date, event_type
),

products as (
    select
        windows.window_date,
        windows.event_type,
        weekly_products.product_id,
        sum(weekly_products.session_count) as session_count,
        max(weekly_products.category_code) as category_code,
        max(weekly_products.brand) as brand
    from windows
    inner join weekly_products
        on windows.event_type = weekly_products.event_type
        and windows.week_date = weekly_products.week_date
    group by windows.window_date, windows.event_type, weekly_products.product_id
),

totalled_pairs as (
    select
        *,
        sum(session_count) over (
            partition by event_type, product_id, other_product_id
        ) as total_count
    from weekly_pairs
),

window_pairs as (
    select
        windows.window_date,
        windows.event_type,
        totalled_pairs.product_id,
        totalled_pairs.other_product_id,
        sum(totalled_pairs.session_count) as session_count
    from totalled_pairs
    inner join windows
        on totalled_pairs.event_type = windows.event_type
        and totalled_pairs.week_date = windows.week_date
    where totalled_pairs.total_count >= $minimum_sessions
    group by
        windows.window_date,
        windows.event_type,
        totalled_pairs.product_id,
        totalled_pairs.other_product_id
    having sum(totalled_pairs.session_count) >= $minimum_sessions
),

pairs as (
    select
        window_date,
        event_type,
        product_id,
        other_product_id,
        session_count
    from window_pairs
    union all
    select
        window_date,
        event_type,
        other_product_id as product_id,
        product_id as other_product_id,
        session_count
    from window_pairs
),

ranked as (
    select
        pairs.window_date,
        pairs.event_type,
        pairs.product_id,
        pairs.other_product_id,
        pairs.session_count,
        own.category_code,
        own.brand,
        cast(own.session_count as double) as own_count,
        cast(other.session_count as double) as other_count,
        cast(totals.session_count as double) as total_count,
        row_number() over (
            partition by pairs.window_date, pairs.event_type, pairs.product_id
            order by pairs.session_count desc, other.session_count, pairs.other_product_id
        ) as affinity_rank
    from pairs
    -- All of them match. Engines do not reorder outer joins, and without statistics some join a
    -- week's products with each other first.
    left join totals
        on pairs.window_date = totals.window_date and pairs.event_type = totals.event_type
    left join products as own
        on pairs.window_date = own.window_date
        and pairs.event_type = own.event_type
        and pairs.product_id = own.product_id
    left join products as other
        on pairs.window_date = other.window_date
        and pairs.event_type = other.event_type
        and pairs.other_product_id = other.product_id
)

select
    event_type,
    product_id,
    coalesce(category_code, 'unknown') as category_code,
    coalesce(brand, 'unknown') as brand,
    other_product_id,
    session_count,
    session_count / total_count as support,
    session_count / own_count as confidence,
    session_count * total_count / (own_count * other_count) as lift,
    affinity_rank,
    window_date as event_date
from ranked
where affinity_rank <= 20
