"""DataBrew's steps on DuckDB, each as its page in AWS's reference of recipe actions describes it.

A simulation: DataBrew itself runs on AWS alone. What does not belong here: the recipe
(`infra/databrew.yaml`).
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

TYPES = {"timestamp": "timestamp", "long": "bigint", "decimal": "decimal(38, 18)"}
MACROS = """
create macro ismissing(value) as value is null;
create macro matches(value, pattern) as coalesce(regexp_matches(value, pattern), false);
"""

Step = Mapping[str, Any]


def twin(steps: Sequence[Step], relation: str) -> str:
    """A query that does to the rows of a relation what the steps do one after the other."""
    for step in steps:
        relation = f"({_after(step, relation)})"
    return f"select * from {relation}"


def _after(step: Step, rows: str) -> str:  # noqa: PLR0911 - a table of operations
    operation, given = step["Action"]["Operation"], step["Action"]["Parameters"]
    column, target = given.get("sourceColumn"), given.get("targetColumn")
    match operation:
        case "CASE_OPERATION":
            found = _expression(given["valueExpression"])
            return f"select *, {found} as {target} from {rows}"
        case "REMOVE_VALUES":
            return f"select * from {rows} where not ({_conditions(step['ConditionExpressions'])})"
        case "DELETE":
            return f"select * exclude ({column}) from {rows}"
        case "EXTRACT_PATTERN":
            found = f"nullif(regexp_extract({column}, '{given['pattern']}'), '')"
            return f"select *, {found} as {target} from {rows}"
        case "REPLACE_TEXT":
            put = f"replace({column}, '{given['pattern']}', '{given['value']}')"
            return f"select * replace ({put} as {column}) from {rows}"
        case "CHANGE_DATA_TYPE":
            kind = TYPES[given["columnDataType"]]
            return f"select * replace (try_cast({column} as {kind}) as {column}) from {rows}"
        case "REMOVE_MISSING":
            return f"select * from {rows} where {column} is not null"
        case "RENAME":
            return f"select * rename ({column} as {target}) from {rows}"
    raise ValueError(f"no twin of {operation}")


def _expression(text: str) -> str:
    """DataBrew's expression in DuckDB's words."""
    return re.sub(r"`(\w+)`", r"\1", text).replace("!matches(", "not matches(")


def _conditions(conditions: Sequence[Mapping[str, str]]) -> str:
    told = []
    for one in conditions:
        values = ", ".join(f"'{value}'" for value in json.loads(one["Value"]))
        how = {"IS": "in", "IS_NOT": "not in"}[one["Condition"]]
        told.append(f"{one['TargetColumn']} {how} ({values})")
    return " and ".join(told)
