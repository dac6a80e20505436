insert into dead_letters
select
  date_format(current_timestamp, 'yyyy-MM-dd''T''HH:mm:ss.SSS''Z'''),
  split_index(reason, ':', 0),
  split_index(reason, ':', 1),
  line
from bad_records
