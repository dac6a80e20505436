-- One row a user and two seconds in which the user filled a cart, emptied it or bought.
create temporary view cart_steps as
select
  user_id,
  tumble_rowtime(event_time, interval '2' second) as event_time,
  count(distinct event_id) filter (where event_type = 'cart') as cart_count,
  count(distinct event_id) filter (where event_type = 'purchase') as purchase_count
from events
where event_type in ('cart', 'purchase')
group by
  user_id,
  tumble(event_time, interval '2' second)
