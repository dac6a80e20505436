-- The time (UTC, to the millisecond) that a record says: ISO 8601 with a zone, null for any other
-- text. An offset is looked for only where the text ends in neither UTC nor Z.
coalesce(
  try_cast(
    replace(
      regexp_extract(
        json_value(line, '$.event_time'),
        '^($date_form[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)(?:(?<=[.][0-9]{3})[0-9]{1,6})? ?(?:UTC|Z)$',
        1
      ),
      'T',
      ' '
    ) as timestamp_ltz(3)
  ),
  timestampadd(
    minute,
    -1 * try_cast(
      concat(
        regexp_extract(json_value(line, '$.event_time'), '([+-])[0-9]{2}:?[0-9]{0,2}$', 1),
        cast(
          60 * try_cast(
            regexp_extract(json_value(line, '$.event_time'), '[+-]([0-9]{2}):?[0-9]{0,2}$', 1) as int
          ) + try_cast(
            concat(
              '0',
              regexp_extract(json_value(line, '$.event_time'), '[+-][0-9]{2}:?([0-9]{0,2})$', 1)
            ) as int
          ) as string
        )
      ) as int
    ),
    try_cast(
      replace(
        regexp_extract(
          json_value(line, '$.event_time'),
          '^($date_form[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:[.][0-9]{1,3})?)(?:(?<=[.][0-9]{3})[0-9]{1,6})? ?[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?$',
          1
        ),
        'T',
        ' '
      ) as timestamp_ltz(3)
    )
  )
)
