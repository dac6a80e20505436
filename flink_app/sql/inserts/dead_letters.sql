-- A record of Kinesis has at most 1 MiB, and JSON grows a text up to sixfold, so a long line is cut:
-- the whole of it lies in the archive.
insert into dead_letters
select
  date_format(current_timestamp, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  split_index(reason, ':', 0),
  split_index(reason, ':', 1),
  substring(line from 1 for $longest_line),
  char_length(line),
  char_length(line) > $longest_line
from bad_records
