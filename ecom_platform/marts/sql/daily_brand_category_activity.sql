-- What each brand drew in each category on a day; missing names are shown as unknown.
select
    $audience as audience,
    coalesce(brand, 'unknown') as brand,
    coalesce(category_code, 'unknown') as category_code,
    sum(case when event_type = 'view' then 1 else 0 end) as view_count,
    sum(case when event_type = 'cart' then 1 else 0 end) as cart_count,
    sum(case when event_type = 'purchase' then 1 else 0 end) as purchase_count,
    sum(case when event_type = 'purchase' then price else 0 end) as revenue_amount,
    event_date
from lake.events
where event_date between $start_date and $end_date
group by event_date, coalesce(brand, 'unknown'), coalesce(category_code, 'unknown')
