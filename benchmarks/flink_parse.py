"""The application without its rules: it reads, parses, judges and discards. The limit of its rules.

Runs under the application's launcher, in the environment of Flink.
"""

import main
import runtime_properties

BLACK_HOLE = """
create table black_hole (
  event_id string, event_ms bigint, event_type string, product_id bigint, user_id bigint,
  user_session string
) with ('connector' = 'blackhole')
"""
INSERT = """
insert into black_hole
select event_id, event_ms, event_type, product_id, user_id, user_session from events
"""

if __name__ == "__main__":
    environment = main.create_environment(runtime_properties.application_properties())
    environment.execute_sql(BLACK_HOLE)
    statements = environment.create_statement_set()
    statements.add_insert_sql(INSERT)
    statements.execute().wait()
