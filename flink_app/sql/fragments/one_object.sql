-- Whether a record is one JSON object and nothing else. A parser stops at the end of the first
-- value, so what follows must be looked for: behind an object there is none if its last character
-- is the first closing brace, or if it stays whole inside an array and inside an object. More than
-- 100 opening brackets are a bomb for the parser, and no event has them. Bytes that are not UTF-8
-- are read as U+FFFD, which no sender means.
(
  char_length(line) - char_length(replace(replace(line, '{', ''), '[', '')) <= 100
  and not regexp(line, u&'\FFFD')
  and line is json object
  and (
    position('}' in line) = char_length(line)
    or (
      concat('[', line, ']') is json array
      and concat('{"one":', line, '}') is json object
    )
  )
)
