"""`python -m ecom_platform.webapp.ask`: a read-only server of questions (MCP, over stdio).

An assistant lists the measures, asks one by dimensions and days, and has a figure explained. It
reads what the dashboard reads, under the same policy, as the user whom `ECOM_DASHBOARD_USER` names.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from ecom_platform.contracts.table import Table
from ecom_platform.dashboard.measures import (
    DIMENSIONS,
    MEASURES,
    Dimension,
    Measure,
    has_audience,
    has_column,
)
from ecom_platform.dashboard.pages import Chart
from ecom_platform.dashboard.policy import Scope, read_policy
from ecom_platform.dashboard.queries import Audience, Selection, within_days
from ecom_platform.settings import Settings
from ecom_platform.webapp.reading import Reader, policy_file_of

MOST_ROWS = 500
INSTRUCTIONS = """Figures of a shop. Dates are days of the store's time; audience is people (without
bots), all, or difference (what bots add). Tell the note that comes with a figure."""


class QuestionError(ToolError):
    """The question cannot be answered; the message says what can be asked."""


class Questions:
    """What can be asked, of one reader and for one user's scope."""

    def __init__(self, reader: Reader, scope: Scope) -> None:
        self._reader, self._scope = reader, scope

    def list_measures(self) -> list[dict[str, Any]]:
        """Every measure that this user may see: unit, dimensions, and what it does not say."""
        return [
            {
                "name": measure.name,
                "title": measure.title,
                "unit": measure.unit,
                "dimensions": [one.name for one in dimensions_of(measure.mart)],
                "note": measure.note,
            }
            for measure in MEASURES.values()
            if self._scope.sees(measure.mart)
        ]

    def query_measure(
        self,
        measure: str,
        first_day: date,
        last_day: date,
        by: Sequence[str] = (),
        audience: Audience = "people",
    ) -> dict[str, Any]:
        """A measure over some days by some dimensions; at most 500 rows."""
        found = self._measure(measure)
        chosen = tuple(self._dimension(found, name) for name in by)
        is_summed = first_day != last_day and "day" not in by
        if is_summed and {"not_additive", "window"} & set(found.caveats):
            raise QuestionError(f"{measure} cannot be summed over days ({found.note}); ask by day")
        chart = Chart("asked", found.title, "table", (found,), chosen)
        rows = self._reader.chart(chart, Selection(first_day, last_day, audience), self._scope)
        return {
            "measure": found.title,
            "unit": found.unit,
            "rows": _plain(rows.slice(0, MOST_ROWS).to_pylist()),
            "row_count": rows.num_rows,
            "note": found.note,
        }

    def explain_figure(self, measure: str, day: date) -> dict[str, Any]:
        """A figure of a day: its definition, whether it may still change, what it said before, and
        what bots added.
        """
        found = self._measure(measure)
        mart = found.mart
        selection = Selection(day, day)
        words = {c.name: c.description for c in mart.all_columns if c.name in found.columns}
        states = [c.name for c in mart.columns if c.name in ("is_partial", "is_mature")]
        state = self._reader.answer(
            f"select distinct {', '.join(states) or 'true as is_there'}"
            f" from {mart.layer}.{mart.name} where {within_days(day, day)}",
            mart,
            day,
            day,
            self._scope,
        )
        is_whole = self._scope.condition(mart) == "true"
        restated = self._reader.restatements(selection, {mart.name} if is_whole else set())
        audiences: tuple[Audience, ...] = ("all",)
        if has_audience(mart):
            audiences = ("all", "people", "difference")
        return {
            "definition": {"table": mart.path, "columns": words, "of": mart.description},
            "values": {
                one: self.query_measure(measure, day, day, audience=one)["rows"]
                for one in audiences
            },
            "state": _plain(state.to_pylist()),
            "restatements": [
                row for row in _plain(restated.to_pylist()) if row["figure"] in found.columns
            ],
            "note": found.note,
        }

    def _measure(self, name: str) -> Measure:
        found = MEASURES.get(name)
        if found is None or not self._scope.sees(found.mart):
            seen = ", ".join(one["name"] for one in self.list_measures())
            raise QuestionError(f"there is no measure {name!r} for you; there are: {seen}")
        return found

    def _dimension(self, measure: Measure, name: str) -> Dimension:
        known = {one.name: one for one in dimensions_of(measure.mart)}
        if name not in known:
            raise QuestionError(f"{measure.name} has no {name!r}; it has: {', '.join(known)}")
        return known[name]


def dimensions_of(mart: Table) -> list[Dimension]:
    """What a mart's figures can be asked by."""
    return [one for one in DIMENSIONS if has_column(mart, one.column or "event_date")]


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With days and times as text."""
    return [
        {k: v if isinstance(v, int | float | str) or v is None else str(v) for k, v in row.items()}
        for row in rows
    ]


def server_of(questions: Questions) -> MCPServer[Any]:
    """The server, with one tool a question."""
    server: MCPServer[Any] = MCPServer("ecom-questions", instructions=INSTRUCTIONS)
    for tool in (questions.list_measures, questions.query_measure, questions.explain_figure):
        server.tool()(tool)
    return server


def main() -> None:
    settings = Settings.from_environment()
    policy = read_policy(policy_file_of(settings))
    scope = policy.scope_of(settings.dashboard_user)
    server_of(Questions(Reader.of(settings), scope)).run()


if __name__ == "__main__":
    main()
