-- The text of a field, whatever its type; null where it is missing or null itself.
coalesce(json_value(line, '$.$field'), json_query(line, '$.$field'))
