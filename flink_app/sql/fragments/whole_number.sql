-- A whole number in plain digits that BIGINT holds, null for any other text.
try_cast(
  regexp_extract(json_value(line, '$.$field'), '^(0|[1-9][0-9]{0,18})$', 0) as bigint
)
