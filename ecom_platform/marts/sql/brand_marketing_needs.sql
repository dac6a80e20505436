-- Which brands need marketing. A brand is held against what the other brands sell per view in the
-- same categories (lift), and against how often a brand of these categories is typically seen.
-- Bought better than expected but little seen: exposure. Seen but bought worse: persuasion.
-- Fractions are summed as decimals: a sum of doubles depends on the order of the rows.
with activity as (
    select
        event_date,
        brand,
        category_code,
        view_count,
        purchase_count
    from marts.daily_brand_category_activity
    where audience = $audience
),

windows as (
    select
        target.event_date as window_date,
        source.event_date
    from (select distinct event_date from activity) as target
    inner join (select distinct event_date from activity) as source
        on source.event_date between target.event_date - interval '27' day and target.event_date
    where target.event_date between $start_date and $end_date
),

window_days as (
    select
        window_date,
        count(*) as days_with_data
    from windows
    group by window_date
),

brand_categories as (
    select
        windows.window_date,
        activity.brand,
        activity.category_code,
        cast(sum(activity.view_count) as double) as views,
        cast(sum(activity.purchase_count) as double) as purchases
    from windows
    inner join activity on windows.event_date = activity.event_date
    group by windows.window_date, activity.brand, activity.category_code
),

known_categories as (
    select *
    from brand_categories
    where category_code <> 'unknown'
),

brand_totals as (
    select
        window_date,
        brand,
        sum(case when category_code <> 'unknown' then views else 0 end) as views,
        sum(case when category_code <> 'unknown' then purchases else 0 end) as purchases
    from brand_categories
    group by window_date, brand
),

category_totals as (
    select
        window_date,
        category_code,
        sum(views) as views,
        sum(purchases) as purchases
    from known_categories
    group by window_date, category_code
),

expected_rates as (
    select
        own.window_date,
        own.brand,
        cast(
            sum(
                cast(
                    own.views * (total.purchases - own.purchases) / (total.views - own.views)
                    as decimal(38, 12)
                )
            ) as double
        ) / nullif(sum(own.views), 0) as expected_rate
    from known_categories as own
    inner join category_totals as total
        on own.window_date = total.window_date
        and own.category_code = total.category_code
    where total.views > own.views
    group by own.window_date, own.brand
),

measured_brands as (
    select
        known_categories.window_date,
        known_categories.category_code,
        known_categories.views,
        row_number() over (
            partition by known_categories.window_date, known_categories.category_code
            order by known_categories.views
        ) as place,
        count(*) over (
            partition by known_categories.window_date, known_categories.category_code
        ) as places
    from known_categories
    inner join brand_totals
        on known_categories.window_date = brand_totals.window_date
        and known_categories.brand = brand_totals.brand
    where
        known_categories.brand <> 'unknown'
        and known_categories.views > 0
        and brand_totals.views >= $minimum_views
),

category_medians as (
    select
        window_date,
        category_code,
        avg(views) as median_views
    from measured_brands
    where 2 * place between places and places + 2
    group by window_date, category_code
),

typical_views as (
    select
        own.window_date,
        own.brand,
        sum(own.views * median.median_views) / nullif(sum(own.views), 0) as typical_view_count
    from known_categories as own
    inner join category_medians as median
        on own.window_date = median.window_date
        and own.category_code = median.category_code
    group by own.window_date, own.brand
),

evidence as (
    select
        brand_totals.window_date,
        brand_totals.brand,
        brand_totals.views,
        brand_totals.purchases,
        expected_rates.expected_rate,
        (brand_totals.purchases + $shrinkage_views * expected_rates.expected_rate)
        / (brand_totals.views + $shrinkage_views) as shrunk_rate,
        typical_views.typical_view_count
    from brand_totals
    left join expected_rates
        on brand_totals.window_date = expected_rates.window_date
        and brand_totals.brand = expected_rates.brand
    left join typical_views
        on brand_totals.window_date = typical_views.window_date
        and brand_totals.brand = typical_views.brand
),

lifts as (
    select
        *,
        shrunk_rate / nullif(expected_rate, 0) as lift,
        views >= typical_view_count as is_seen
    from evidence
)

select
    $audience as audience,
    lifts.brand,
    window_days.days_with_data,
    cast(lifts.views as bigint) as view_count,
    cast(lifts.purchases as bigint) as purchase_count,
    lifts.expected_rate,
    lifts.shrunk_rate,
    lifts.lift,
    lifts.typical_view_count,
    lifts.is_seen,
    case
        when lifts.brand = 'unknown' then null
        when lifts.views < $minimum_views or lifts.lift is null then 'too_little_data'
        when lifts.lift >= $better_lift and not lifts.is_seen then 'needs_exposure'
        when lifts.lift <= $worse_lift and lifts.is_seen then 'needs_persuasion'
        when lifts.lift <= $worse_lift then 'needs_review'
        else 'healthy'
    end as marketing_need,
    lifts.window_date as event_date
from lifts
inner join window_days on lifts.window_date = window_days.window_date
