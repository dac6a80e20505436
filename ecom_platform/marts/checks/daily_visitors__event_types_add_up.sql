-- Every event has one type, and no day has more visitors than events.
select *
from marts.daily_visitors
where
    event_count <> view_count + cart_count + remove_from_cart_count + purchase_count
    or visitor_count > event_count
    or buyer_count > visitor_count
