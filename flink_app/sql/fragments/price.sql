-- A plain decimal that DECIMAL(14,2) holds exactly, null for any other text. A JSON number from ten
-- million on is told with an exponent, which as text is none.
coalesce(
  try_cast(
    regexp_extract(json_value(line, '$.price'), '^[0-9]{1,12}([.][0-9]{1,2}0*)?$', 0)
    as decimal(14, 2)
  ),
  case
    when
      regexp(json_value(line, '$.price'), '^[0-9.]+E[0-9]+$')
      and regexp(line, '"price"[ \t\r\n]*:[ \t\r\n]*[0-9]')
      and try_cast(json_value(line, '$.price') as decimal(38, 8))
      = try_cast(json_value(line, '$.price') as decimal(14, 2))
      then try_cast(json_value(line, '$.price') as decimal(14, 2))
  end
)
