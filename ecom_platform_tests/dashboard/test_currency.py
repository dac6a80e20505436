"""`ECOM_CURRENCY` names amounts wherever people read them, and nothing else."""

import duckdb
import pytest
from rich.console import Console

from ecom_platform.commands.answers import _grid
from ecom_platform.dashboard.measures import REVENUE, VISITORS
from ecom_platform.settings import Settings
from ecom_platform.webapp.drawing import title_of


@pytest.mark.parametrize(("variables", "wanted"), [({}, "USD"), ({"ECOM_CURRENCY": "EUR"}, "EUR")])
def test_amounts_are_named_in_the_currency_on_pages_and_in_answers(
    variables: dict[str, str], wanted: str
) -> None:
    currency = Settings.from_environment(variables).currency
    assert title_of(REVENUE, currency) == f"Revenue ({wanted})"
    assert title_of(VISITORS, currency) == "Unique visitors"
    with duckdb.connect() as connection:
        answer = connection.execute("select 1.5 as revenue, 2 as visitors")
        grid = _grid("answers", answer, currency)
    console = Console(record=True, width=80)
    console.print(grid)
    said = console.export_text()
    assert f"revenue ({wanted})" in said
    assert f"visitors ({wanted})" not in said
