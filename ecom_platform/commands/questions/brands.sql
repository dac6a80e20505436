-- The brands in need, those with most views first within each need.
with needs as (
    select
        *,
        row_number() over (partition by marketing_need order by view_count desc, brand) as place
    from marts.brand_marketing_needs
    where
        event_date = $end_date
        and audience = 'all'
        and marketing_need in ('needs_exposure', 'needs_persuasion', 'needs_review')
)

select
    marketing_need as need,
    brand,
    view_count as views,
    purchase_count as purchases,
    100 * expected_rate as expected_per_100_views,
    100 * shrunk_rate as bought_per_100_views,
    lift,
    typical_view_count as typical_views
from needs
where place <= 5
order by need, place
