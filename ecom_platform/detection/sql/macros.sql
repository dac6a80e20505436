-- What Flink has and DuckDB spells otherwise, so that the rules of the stream run on both.
create or replace macro tumble(moment, width) as time_bucket(width, moment);
create or replace macro tumble_rowtime(moment, width) as
  max(time_bucket(width, moment)) + width - interval 1 millisecond;
