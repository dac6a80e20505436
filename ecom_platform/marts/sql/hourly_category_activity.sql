-- The top categories per hour: what each category drew in each hour, ranked among the known ones.
-- A category without a code is shown as unknown and takes no rank; nor does a figure of 0.
with categories as (
    select
        event_date,
        event_hour as hour,
        coalesce(category_code, 'unknown') as category_code,
        sum(case when event_type = 'view' then 1 else 0 end) as view_count,
        sum(case when event_type = 'cart' then 1 else 0 end) as cart_count,
        sum(case when event_type = 'purchase' then 1 else 0 end) as purchase_count,
        sum(case when event_type = 'purchase' then price else 0 end) as revenue_amount
    from lake.events
    where event_date between $start_date and $end_date
    group by event_date, event_hour, coalesce(category_code, 'unknown')
),

ranked as (
    select
        *,
        rank() over (
            partition by event_date, hour, category_code = 'unknown' order by view_count desc
        ) as view_rank,
        rank() over (
            partition by event_date, hour, category_code = 'unknown' order by cart_count desc
        ) as cart_rank,
        rank() over (
            partition by event_date, hour, category_code = 'unknown'
            order by purchase_count desc
        ) as purchase_rank,
        rank() over (
            partition by event_date, hour, category_code = 'unknown'
            order by revenue_amount desc
        ) as revenue_rank
    from categories
)

select
    $audience as audience,
    hour,
    category_code,
    view_count,
    cart_count,
    purchase_count,
    revenue_amount,
    case when category_code <> 'unknown' and view_count > 0 then view_rank end as view_rank,
    case when category_code <> 'unknown' and cart_count > 0 then cart_rank end as cart_rank,
    case when category_code <> 'unknown' and purchase_count > 0 then purchase_rank end
        as purchase_rank,
    case when category_code <> 'unknown' and revenue_amount > 0 then revenue_rank end
        as revenue_rank,
    event_date
from ranked
