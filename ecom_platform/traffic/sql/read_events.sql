-- Intact rows of event files; broken rows are left out, as the lake would refuse them.
create or replace temp table events as
select
    cast(replace(event_time, ' UTC', '') as timestamp) as event_time,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    user_id,
    user_session
from read_csv(
    $files,
    header = true,
    delim = ',',
    quote = '',
    escape = '',
    auto_detect = false,
    ignore_errors = true,
    columns = {
        'event_time': 'varchar',
        'event_type': 'varchar',
        'product_id': 'bigint',
        'category_id': 'bigint',
        'category_code': 'varchar',
        'brand': 'varchar',
        'price': 'double',
        'user_id': 'bigint',
        'user_session': 'varchar'
    }
)
where try_cast(replace(event_time, ' UTC', '') as timestamp) is not null
    and event_type in ('view', 'cart', 'remove_from_cart', 'purchase')
    and price >= 0
    and user_id is not null
