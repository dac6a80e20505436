-- One row a record of the stream, good or bad; a missing field or one of the wrong type is null.
-- Only a good record or a heartbeat has its event_time. That of any other is 1970, which cannot
-- move the watermark, where a null would stop the job. A time more than a minute after the record's
-- arrival is not good, and no time moves the watermark past the arrival. Flink lets no computed
-- column read another, so the fields are spelled out again.
create table raw_events (
  line string,
  arrived_at $arrived_at,
  event_id as json_value(line, '$.event_id'),
  claimed_time as json_value(line, '$.event_time'),
  event_type as json_value(line, '$.event_type'),
  product_id as try_cast(
    regexp_extract(json_value(line, '$.product_id'), '^[0-9]+$', 0) as bigint
  ),
  category_id as try_cast(
    regexp_extract(json_value(line, '$.category_id'), '^[0-9]+$', 0) as bigint
  ),
  price as try_cast(
    regexp_extract(json_value(line, '$.price'), '^-?[0-9]+([.][0-9]{1,2})?$', 0) as decimal(12, 2)
  ),
  user_id as try_cast(
    regexp_extract(json_value(line, '$.user_id'), '^[0-9]+$', 0) as bigint
  ),
  user_session as json_value(line, '$.user_session'),
  event_time as case
    when
      try_cast(
        replace(replace(json_value(line, '$.event_time'), 'T', ' '), 'Z', '') as timestamp_ltz(3)
      ) <= arrived_at + interval '1' minute
      and (
        json_value(line, '$.event_type') = 'heartbeat'
        or (
          json_value(line, '$.event_type') in ('view', 'cart', 'remove_from_cart', 'purchase')
          and json_value(line, '$.event_id') is not null
          and try_cast(
            regexp_extract(json_value(line, '$.product_id'), '^[0-9]+$', 0) as bigint
          ) is not null
          and try_cast(
            regexp_extract(json_value(line, '$.category_id'), '^[0-9]+$', 0) as bigint
          ) is not null
          and try_cast(
            regexp_extract(json_value(line, '$.user_id'), '^[0-9]+$', 0) as bigint
          ) is not null
          and try_cast(
            regexp_extract(json_value(line, '$.price'), '^[0-9]+([.][0-9]{1,2})?$', 0)
            as decimal(12, 2)
          ) is not null
        )
      )
      then try_cast(
        replace(replace(json_value(line, '$.event_time'), 'T', ' '), 'Z', '') as timestamp_ltz(3)
      )
    else to_timestamp_ltz(0, 3)
  end,
  watermark for event_time as
    case when event_time < arrived_at then event_time else arrived_at end
    - interval '$delay_seconds' second
) with (
$options
)
