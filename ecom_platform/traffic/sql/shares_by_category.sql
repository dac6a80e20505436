-- Views, purchases and mean shown price by category code.
select
    category_code as key,
    count(*) filter (where event_type = 'view') as view_count,
    count(*) filter (where event_type = 'purchase') as purchase_count,
    avg(price) filter (where price > 0) as mean_price
from events
group by category_code
