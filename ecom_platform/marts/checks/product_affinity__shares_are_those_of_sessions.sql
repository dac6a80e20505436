-- No share is above 1, and a pair is no more frequent than its product.
select
    event_date,
    event_type,
    product_id,
    other_product_id
from marts.product_affinity
where
    confidence > 1
    or support > confidence
    or session_count < 5
