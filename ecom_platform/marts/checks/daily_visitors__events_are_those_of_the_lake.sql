-- The mart counts every event that the ledger says the lake kept.
select
    ledger.event_date,
    visitors.event_count,
    ledger.kept_row_count
from lake.event_days as ledger
left join marts.daily_visitors as visitors
    on ledger.event_date = visitors.event_date and visitors.audience = 'all'
where
    ledger.event_date between $start_date and $end_date
    and coalesce(visitors.event_count, 0) <> ledger.kept_row_count
