-- Buyers by the month of their first purchase, and what they bought in each month since, as known at
-- the end of the partition's day. Who bought nothing in the twelve months before is new. A month is
-- open until its last day is there and whole.
with purchases as (
    select
        event_date,
        user_id,
        cast(date_trunc('month', event_date) as date) as month_date,
        sum(price) as revenue_amount
    from lake.events
    where
        event_type = 'purchase'
        and event_date between $start_date - interval '396' day and $end_date
    group by event_date, user_id
),

targets as (
    select
        event_date,
        cast(date_trunc('month', event_date) as date) - interval '12' month as first_date
    from lake.event_days
    where event_date between $start_date and $end_date and kept_row_count > 0
),

buyer_months as (
    select
        targets.event_date,
        purchases.user_id,
        purchases.month_date,
        sum(purchases.revenue_amount) as revenue_amount
    from targets
    inner join purchases
        on purchases.event_date between targets.first_date and targets.event_date
    group by targets.event_date, purchases.user_id, purchases.month_date
),

first_months as (
    select
        event_date,
        month_date,
        revenue_amount,
        min(month_date) over (partition by event_date, user_id) as cohort_month
    from buyer_months
),

cells as (
    select
        event_date,
        cohort_month,
        month_date,
        count(*) as buyer_count,
        sum(revenue_amount) as revenue_amount
    from first_months
    group by event_date, cohort_month, month_date
),

cohorts as (
    select
        event_date,
        cohort_month,
        buyer_count as cohort_buyer_count
    from cells
    where cohort_month = month_date
),

months as (
    select distinct
        event_date,
        month_date
    from cells
),

closed_months as (
    select
        event_date as last_date,
        cast(date_trunc('month', event_date) as date) as month_date
    from lake.event_days
    where not is_partial and extract(day from event_date + interval '1' day) = 1
)

select
    $audience as audience,
    cohorts.cohort_month,
    cast(
        12 * (extract(year from months.month_date) - extract(year from cohorts.cohort_month))
        + extract(month from months.month_date)
        - extract(month from cohorts.cohort_month) as integer
    ) as months_since,
    cohorts.cohort_buyer_count,
    coalesce(cells.buyer_count, 0) as buyer_count,
    cast(coalesce(cells.buyer_count, 0) as double) / cohorts.cohort_buyer_count as returning_rate,
    coalesce(cells.revenue_amount, 0) as revenue_amount,
    closed_months.month_date is null as is_open,
    cohorts.event_date
from cohorts
inner join months
    on cohorts.event_date = months.event_date
    and cohorts.cohort_month <= months.month_date
left join cells
    on cohorts.event_date = cells.event_date
    and cohorts.cohort_month = cells.cohort_month
    and months.month_date = cells.month_date
left join closed_months
    on months.month_date = closed_months.month_date
    and closed_months.last_date <= cohorts.event_date
