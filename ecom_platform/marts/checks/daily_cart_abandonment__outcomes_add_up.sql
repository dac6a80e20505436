-- Every session-day with a cart has exactly one outcome.
select *
from marts.daily_cart_abandonment
where
    cart_session_count
    <> converted_session_count + emptied_session_count + abandoned_session_count
