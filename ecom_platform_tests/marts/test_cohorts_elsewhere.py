"""The cohorts of buyers held against another library's, `openretailscience`.

It runs in an environment of its own (`benchmarks/cohorts_requirements.in`), which `make test-slow`
sets up.
"""

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from ecom_platform_tests.marts.seeded import SeededShop, plausible_shop
from ecom_platform_tests.support.places import ROOT

pytestmark = pytest.mark.slow

PYTHON = ROOT / ".venv-cohorts/bin/python"
RUN_SECONDS = 200
PROGRAM = """
import json, sys
import pandas as pd
from openretailscience.analysis.cohort import CohortAnalysis

purchases = pd.read_parquet(sys.argv[1])
found = {}
for column, function in (("customer_id", "nunique"), ("unit_spend", "sum")):
    table = CohortAnalysis(purchases, column, function, period="month").df
    found[function] = {
        f"{cohort:%Y-%m-%d} {months}": float(value)
        for cohort, row in table.iterrows()
        for months, value in row.items()
    }
print(json.dumps(found))
"""


def elsewhere(shop: SeededShop, folder: Path) -> dict[str, dict[str, float]]:
    """Buyers and revenue of each cell, as the other library has them."""
    file = folder / "purchases.parquet"
    shop.connection.execute(
        f"""
        copy (
            select
                user_id as customer_id,
                event_time as transaction_date,
                cast(price as double) as unit_spend
            from lake.events where event_type = 'purchase'
        ) to '{file}' (format parquet)
        """
    )
    done = subprocess.run(
        [str(PYTHON), "-c", PROGRAM, str(file)],
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours(shop: SeededShop, column: str, last: date) -> dict[str, float]:
    """The same of the mart on its last day."""
    rows = shop.connection.execute(
        f"select cohort_month, months_since, {column} from marts.visitor_cohorts"
        f" where event_date = date '{last}'"
    ).fetchall()
    return {f"{cohort} {months}": float(value) for cohort, months, value in rows}


def test_buyers_and_revenue_of_every_cell_are_those_of_another_library(tmp_path: Path) -> None:
    shop = plausible_shop(tmp_path / "shop")
    other = elsewhere(shop, tmp_path)
    (last,) = shop.connection.execute("select max(event_date) from lake.events").fetchone() or ()
    buyers, revenue = ours(shop, "buyer_count", last), ours(shop, "revenue_amount", last)
    assert len(buyers) == 6, "three months make three cohorts"
    # It fills the square: cells that lie ahead are 0 there, and no rows here.
    assert {cell: n for cell, n in other["nunique"].items() if n or cell in buyers} == buyers
    assert revenue == pytest.approx({cell: other["sum"][cell] for cell in buyers})
