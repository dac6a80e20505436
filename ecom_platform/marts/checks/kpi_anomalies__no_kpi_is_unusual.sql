-- severity: warning
-- No figure of people lies outside what the six weeks before let expect.
select
    event_date,
    kpi,
    value,
    lower_value,
    upper_value
from marts.kpi_anomalies
where is_unusual
