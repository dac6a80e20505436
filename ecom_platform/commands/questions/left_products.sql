-- The categories in which most value was left.
select
    category_code as category,
    count(*) as products_left,
    sum(last_cart_price) as value_left
from marts.abandoned_carts
where audience = 'all' and not is_session_converted and category_code <> 'unknown'
group by category_code
order by value_left desc, category
limit 5
