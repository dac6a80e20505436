-- Sums of each session in windows of 5 s, each event id once in a window, then running totals of the
-- session. The canary is nobody.
insert into user_sessions
with session_events as (
  select
    user_id,
    user_session,
    event_id,
    window_start,
    window_end,
    window_time,
    min(event_time) as event_time,
    min(event_type) as event_type,
    min(price) as price,
    max(event_ms) as event_ms,
    max(product_id) as product_id
  from table(tumble(table events, descriptor(event_time), interval '$session_seconds' second))
  where user_session is not null and not is_future and user_id <> $canary_user_id
  group by
    user_id,
    user_session,
    event_id,
    window_start,
    window_end,
    window_time
),

session_windows as (
  select
    user_id,
    user_session,
    window_time as as_of,
    min(event_time) as first_event,
    max(event_time) as last_event,
    count(*) as event_count,
    sum(case when event_type = 'view' then 1 else 0 end) as view_count,
    sum(case when event_type = 'cart' then 1 else 0 end) as cart_count,
    sum(case when event_type = 'remove_from_cart' then 1 else 0 end) as remove_count,
    sum(case when event_type = 'purchase' then 1 else 0 end) as purchase_count,
    sum(
      case event_type when 'cart' then price when 'remove_from_cart' then -price else 0 end
    ) as cart_amount,
    sum(case when event_type = 'purchase' then price else 0 end) as revenue_amount,
    max(cast(event_ms as string) || ' ' || cast(product_id as string)) as last_look
  from session_events
  group by
    user_id,
    user_session,
    window_start,
    window_end,
    window_time
),

totals as (
  select
    user_id,
    user_session,
    as_of,
    min(first_event) over session_so_far as first_event,
    max(last_event) over session_so_far as last_event,
    sum(event_count) over session_so_far as event_count,
    sum(view_count) over session_so_far as view_count,
    sum(cart_count) over session_so_far as cart_count,
    sum(remove_count) over session_so_far as remove_count,
    sum(purchase_count) over session_so_far as purchase_count,
    sum(cart_amount) over session_so_far as cart_amount,
    sum(revenue_amount) over session_so_far as revenue_amount,
    last_look
  from session_windows
  window session_so_far as (
    partition by user_id, user_session
    order by as_of
    rows between unbounded preceding and current row
  )
)

select
  user_id,
  user_session,
  date_format(as_of, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  date_format(first_event, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  date_format(last_event, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  event_count,
  cast(view_count as bigint),
  cast(cart_count as bigint),
  cast(remove_count as bigint),
  cast(purchase_count as bigint),
  cast(cast(greatest(cart_amount, 0) as decimal(20, 2)) as string),
  cast(cast(revenue_amount as decimal(20, 2)) as string),
  cast(split_index(last_look, ' ', 1) as bigint)
from totals
