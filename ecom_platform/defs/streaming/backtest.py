"""`streaming/rule_backtest`: what another threshold would have changed, asked for in the web UI."""

from datetime import date

import dagster as dg
from pydantic import Field

from ecom_platform.contracts.lake import EVENTS
from ecom_platform.defs.retries import trying_again
from ecom_platform.defs.specs import preview
from ecom_platform.defs.streaming.assets import OWNER
from ecom_platform.pipeline.backtest import CandidateError, backtest, candidate_of, summary
from ecom_platform.resources.query_engine import QueryEngine
from ecom_platform.resources.table_store import TableStore

SHOWN = 50


class Candidate(dg.Config):
    """A rule with other properties, and the days to try it on."""

    rule: str = Field(description="e.g. cart_hoarding")
    changes: dict[str, str] = Field(description='e.g. {"threshold": "40"}')
    start: str = Field(default=str(date.min), description="first day, 2026-01-05")
    end: str = Field(default=str(date.max), description="last day")


@dg.asset(
    key=dg.AssetKey(["streaming", "rule_backtest"]),
    group_name="streaming",
    owners=[OWNER],
    kinds={"duckdb"},
    deps=[dg.AssetKey(EVENTS.key)],
    pool="streaming_rule_backtest",
)
def rule_backtest(
    context: dg.AssetExecutionContext, config: Candidate, tables: TableStore, engine: QueryEngine
) -> dg.MaterializeResult[None]:
    """Episodes that a rule would keep, lose and gain over past days with other properties, the
    users whom they touch and what these spent. Nothing is changed.
    """
    try:
        rules = candidate_of(config.rule, config.changes)
        days = (date.fromisoformat(config.start), date.fromisoformat(config.end))
    except (CandidateError, ValueError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error
    with trying_again(context):
        found = backtest(tables, engine, rules, days, context.log.info)
    changed = [one for one in found if one.fate != "kept"]
    return dg.MaterializeResult(
        metadata={
            "candidate": {"rule": config.rule, **config.changes},
            **{fate: dg.MetadataValue.json(told) for fate, told in summary(found).items()},
            "changed_episodes": preview([vars(one) for one in changed[:SHOWN]]),
        }
    )
