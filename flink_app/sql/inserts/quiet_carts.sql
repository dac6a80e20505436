-- A session is quiet once nothing came from it for $quiet_interval. Told is what it last did to its cart:
-- put in (+), took out (-) and bought ($), as `1767323045678+4804056`, the last change of each
-- sixteenth of the products. So what is kept of a session is bounded, whatever it sends, and neither
-- order nor repetition matters. A session without any change is not told. The canary is nobody.
insert into quiet_carts
with session_events as (
  select
    user_id,
    user_session,
    event_time,
    case
      when event_type <> 'view'
        then cast(event_ms as string)
          || case event_type when 'cart' then '+' when 'purchase' then '$' else '-' end
          || cast(product_id as string)
    end as change,
    mod(product_id, 16) as slot
  from events
  where user_session is not null and user_id <> $canary_user_id
)

select
  user_id,
  user_session,
  date_format(max(event_time), 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  concat_ws(
    ' ',
    max(change) filter (where slot = 0),
    max(change) filter (where slot = 1),
    max(change) filter (where slot = 2),
    max(change) filter (where slot = 3),
    max(change) filter (where slot = 4),
    max(change) filter (where slot = 5),
    max(change) filter (where slot = 6),
    max(change) filter (where slot = 7),
    max(change) filter (where slot = 8),
    max(change) filter (where slot = 9),
    max(change) filter (where slot = 10),
    max(change) filter (where slot = 11),
    max(change) filter (where slot = 12),
    max(change) filter (where slot = 13),
    max(change) filter (where slot = 14),
    max(change) filter (where slot = 15)
  )
from table(
  session(
    table session_events partition by (user_id, user_session), descriptor(event_time),
    interval $quiet_interval
  )
)
group by
  user_id,
  user_session,
  window_start,
  window_end
having max(change) is not null
