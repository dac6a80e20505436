"""Start the job: one statement set over one source, built from the files in `sql/`."""

import os

import runtime_properties
import statements
from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, StatementSet, TableEnvironment
from runtime_properties import PropertyGroups
from sql_files import rule_names


def create_environment(groups: PropertyGroups) -> TableEnvironment:
    """Return a streaming environment with the tables, views and rules of the application."""
    configuration = Configuration()
    for key, value in runtime_properties.property_group(groups, "flink").items():
        configuration.set_string(key, value)
    settings = EnvironmentSettings.new_instance().in_streaming_mode()
    environment = TableEnvironment.create(settings.with_configuration(configuration).build())
    for table in statements.TABLES:
        environment.execute_sql(statements.create_table(table, groups))
    for view in statements.VIEWS:
        environment.execute_sql(statements.create_view(view, groups))
    for steps in statements.STEPS:
        environment.execute_sql(statements.create_steps(steps))
    return environment


def add_rules(
    environment: TableEnvironment, statement_set: StatementSet, groups: PropertyGroups
) -> None:
    """Add one insert into the detections stream a rule."""
    for rule in rule_names():
        environment.execute_sql(statements.create_rule_view(rule, groups))
        columns = environment.from_path(f"rule_{rule}").get_schema().get_field_names()
        statement_set.add_insert_sql(statements.insert_detections(rule, columns, groups))


def main() -> None:
    """Build and submit the job; on one machine, stay until it ends."""
    groups = runtime_properties.application_properties()
    environment = create_environment(groups)
    statement_set = environment.create_statement_set()
    add_rules(environment, statement_set, groups)
    for insert in statements.INSERTS:
        statement_set.add_insert_sql(statements.insert(insert, groups))
    result = statement_set.execute()
    if os.environ.get("IS_LOCAL"):
        result.wait()


if __name__ == "__main__":
    main()
