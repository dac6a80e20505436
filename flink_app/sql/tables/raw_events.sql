-- One row a record of the stream, good or bad. The event_time of a good record or a heartbeat is its
-- rule_time; that of any other is 1970, which cannot move the watermark, where a null would stop the
-- job. No time moves the watermark past the arrival. Flink lets no computed column read another, so
-- views take the fields.
create table raw_events (
  line string,
  arrived_at $arrived_at,
  event_time as case
    when
      $one_object
      and (
        json_value(line, '$.event_type') = 'heartbeat'
        or (
          json_value(line, '$.event_type') in ('view', 'cart', 'remove_from_cart', 'purchase')
          and char_length(json_value(line, '$.event_id')) between 1 and 200
          and $product_id is not null
          and $user_id is not null
          and $price is not null
          and char_length(coalesce(json_value(line, '$.user_session'), '')) <= 200
          and case
            when json_value(line, '$.category_id') = '' then true
            when json_value(line, '$.category_id') is null
              then json_query(line, '$.category_id') is null
            else $category_id is not null
          end
        )
      )
      then $rule_time
    else to_timestamp_ltz(0, 3)
  end,
  watermark for event_time as
    case when event_time < arrived_at then event_time else arrived_at end
    - interval '$delay_seconds' second
) with (
$options
)
