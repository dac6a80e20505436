"""The marts' SQL as local Spark reads it.

Two things are changed, both by sqlglot and none by hand: the dialect (`date_diff('day', a, b)`
becomes `datediff(b, a)`), and table names (`lake.events` becomes the temporary view `lake__events`,
because Spark's temporary views belong to no database).
"""

import sqlglot
from sqlglot import exp


def spark_sql(sql: str) -> str:
    """A query of the marts, parameters bound already, in Spark's dialect."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    for table in tree.find_all(exp.Table):
        if table.db:
            alias = table.alias or table.name
            renamed = exp.to_table(view_name(table.db, table.name))
            table.replace(exp.alias_(renamed, alias, table=True))
    translated: str = tree.sql(dialect="spark")
    return translated


def view_name(layer: str, table: str) -> str:
    return f"{layer}__{table}"
