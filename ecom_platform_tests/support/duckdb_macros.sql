create macro tumble(moment, width) as time_bucket(width, moment);
create macro tumble_rowtime(moment, width) as
  max(time_bucket(width, moment)) + width - interval 1 millisecond;
