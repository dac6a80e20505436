-- Within a longer horizon at least as much comes back, and never more than was left.
select
    shorter.event_date,
    shorter.audience,
    shorter.category_code,
    shorter.brand,
    shorter.horizon_days
from marts.cart_recovery as shorter
inner join marts.cart_recovery as longer
    on shorter.event_date = longer.event_date
    and shorter.audience = longer.audience
    and shorter.category_code = longer.category_code
    and shorter.brand = longer.brand
where
    longer.horizon_days >= shorter.horizon_days
    and (
        shorter.recovered_count > longer.recovered_count
        or shorter.recovered_count > shorter.left_count
    )
