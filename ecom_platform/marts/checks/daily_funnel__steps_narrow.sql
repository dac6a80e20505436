-- A later step never has more session-days than the step before it.
select *
from marts.daily_funnel
where
    viewed_session_count > session_count
    or carted_session_count > viewed_session_count
    or purchased_session_count > carted_session_count
