-- Views, purchases and mean paid price by brand.
select
    brand as key,
    count(*) filter (where event_type = 'view') as view_count,
    count(*) filter (where event_type = 'purchase') as purchase_count,
    avg(price) filter (where event_type = 'purchase') as mean_price
from events
group by brand
