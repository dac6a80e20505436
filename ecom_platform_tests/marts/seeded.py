"""Two seeded shops, and the rows of every mart over them: one like a shop, one all edges.

`python -m ecom_platform_tests.marts.seeded` writes the digests of the rows anew: after a change of
a mart that is meant, and looked at.
"""

import hashlib
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import yaml

from ecom_platform.contracts import Table, marts
from ecom_platform.contracts.verdicts import BOT_VERDICTS
from ecom_platform.marts.queries import Value, mart_sql, range_values, rendered
from ecom_platform.resources.query_engine import relation
from ecom_platform.traffic import __main__ as traffic
from ecom_platform.traffic.manifest import read_manifest
from ecom_platform_tests.support.places import ROOT

DIGESTS = ROOT / "ecom_platform_tests/marts/seeded_digests.yaml"
FIRST, DAYS, EVENTS_PER_DAY = date(2026, 1, 5), 70, 700

EDGE_DAYS = 40
EDGE_PARAMETERS: Mapping[str, Value] = {"shrinkage_views": 0, "minimum_views": 2}
"""So few views that lifts meet their bounds exactly."""


@dataclass(frozen=True)
class SeededShop:
    """The events of a shop, and every mart built from them in an engine of its own."""

    connection: duckdb.DuckDBPyConnection
    start: date
    end: date
    parameters: Mapping[str, Value] = field(default_factory=dict)

    def build(self) -> "SeededShop":
        self.connection.execute("create schema marts")
        for mart in marts.TABLES:
            self.connection.execute(f"create table marts.{mart.name} as {self.query(mart)}")
        return self

    def query(self, mart: Table, sql: str | None = None, **parameters: Value) -> str:
        values = {**range_values(self.start, self.end), **self.parameters, **parameters}
        return rendered(sql or mart_sql(mart), values)

    def digest(self, query: str) -> str:
        """Equal where a query gives the same rows, in whatever order."""
        rows = sorted(map(repr, self.connection.execute(query).fetchall()))
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:16]


def plausible_shop(folder: Path) -> SeededShop:
    """Ten weeks of the generator's people."""
    end = FIRST + timedelta(days=DAYS - 1)
    traffic.main(
        ["generate", f"--out={folder}", f"--start={FIRST}", f"--end={end}", "--dirt=0"]
        + [f"--events-per-day={EVENTS_PER_DAY}", "--seed=5", f"--days-per-file={DAYS}"]
    )
    files = [str(folder / file["name"]) for file in read_manifest(folder)["files"]]
    connection = duckdb.connect()
    connection.execute("create schema lake")
    connection.execute(
        f"""
        create table lake.events as
        select * replace (
                strptime(event_time, '%Y-%m-%d %H:%M:%S UTC') as event_time,
                cast(price as decimal(14, 2)) as price
            ),
            cast(left(event_time, 10) as date) as event_date,
            cast(event_time[12:13] as int) as event_hour
        from read_csv({files}, all_varchar = true, union_by_name = true)
        """
    )
    _show_ledger(connection)
    return SeededShop(connection, FIRST, end).build()


def edge_shop() -> SeededShop:
    """Few people, products and moments, so that times, counts and money meet again and again."""
    chosen = random.Random(11)
    rows = [_edge_event(chosen, day) for day in range(EDGE_DAYS) for _ in range(90) if day % 9 != 8]
    connection = duckdb.connect()
    connection.register("rows", pa.Table.from_pylist(rows))
    connection.execute("create schema lake")
    connection.execute(
        "create table lake.events as select * replace (cast(price as decimal(14, 2)) as price)"
        " from rows"
    )
    _show_ledger(connection)
    empty = ", ".join(
        f"(date '{FIRST + timedelta(days=day)}', 0, false)" for day in range(8, EDGE_DAYS, 9)
    )
    connection.execute(f"insert into lake.event_days values {empty}")
    end = FIRST + timedelta(days=EDGE_DAYS - 1)
    return SeededShop(connection, FIRST, end, EDGE_PARAMETERS).build()


def _edge_event(chosen: random.Random, day: int) -> dict[str, object]:
    moment = datetime.combine(FIRST + timedelta(days=day), datetime.min.time())
    moment += timedelta(hours=6 * chosen.randrange(4), seconds=chosen.choice([0, 0, 0, 1]))
    user = chosen.randrange(12)
    product = chosen.randrange(24)
    kinds = ["view"] * 7 + ["cart"] * 4 + ["remove_from_cart"] * 2 + ["purchase"] * 3
    return {
        "event_time": moment,
        "event_type": chosen.choice(kinds),
        "product_id": product,
        "category_id": product % 4,
        "category_code": [None, "a.x", "a.y", "b"][product % 4],
        "brand": [None, "p", "q", "r", "s"][chosen.choice([0, 1, 2, 3, 4, 4])],
        "price": chosen.choice(["0.00", "0.50", "1.00", "1.00", "7.00"]),
        "user_id": user,
        "user_session": chosen.choice([f"s{user}", f"s{user}", "shared", None]),
        "event_date": moment.date(),
        "event_hour": moment.hour,
    }


def _show_ledger(connection: duckdb.DuckDBPyConnection) -> None:
    """Every fifth day is partial, and nobody is a bot."""
    connection.execute(f"create table lake.bot_verdicts as {relation(BOT_VERDICTS, [])}")
    connection.execute(
        """
        create table lake.event_days as
        select
            event_date,
            count(*) as kept_row_count,
            datediff('day', date '2026-01-01', event_date) % 5 = 0 as is_partial
        from lake.events group by event_date
        """
    )


def shops(folder: Path) -> dict[str, SeededShop]:
    return {"plausible": plausible_shop(folder), "edges": edge_shop()}


def digests(folder: Path) -> dict[str, dict[str, str]]:
    return {
        name: {mart.name: shop.digest(f"from marts.{mart.name}") for mart in marts.TABLES}
        for name, shop in shops(folder).items()
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        DIGESTS.write_text(yaml.safe_dump(digests(Path(folder))))


if __name__ == "__main__":
    main()
