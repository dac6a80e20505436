-- One row a session, product and ten seconds in which the product was looked at.
create temporary view product_steps as
select
  user_id,
  user_session,
  product_id,
  tumble_rowtime(event_time, interval '10' second) as event_time,
  count(distinct event_id) as view_count
from events
where event_type = 'view'
group by
  user_id,
  user_session,
  product_id,
  tumble(event_time, interval '10' second)
