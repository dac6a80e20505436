-- The mart counts every event that the ledger says the lake kept.
select
    visitors.event_date,
    visitors.event_count,
    ledger.kept_row_count
from marts.daily_visitors as visitors
inner join lake.event_days as ledger on visitors.event_date = ledger.event_date
where visitors.audience = 'all' and visitors.event_count <> ledger.kept_row_count
