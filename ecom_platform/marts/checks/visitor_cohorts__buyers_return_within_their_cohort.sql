-- All of a cohort bought in its first month, and never do more return than there are.
select
    event_date,
    audience,
    cohort_month,
    months_since
from marts.visitor_cohorts
where
    buyer_count > cohort_buyer_count
    or (months_since = 0 and buyer_count < cohort_buyer_count)
