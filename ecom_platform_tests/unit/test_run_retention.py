"""Which runs are forgotten: old ones, but for those that built what is in use."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from ecom_platform.defs.catalog.run_retention import KEPT_FOR, remove_old_runs

DAYS = dg.DailyPartitionsDefinition("2026-01-01")


@dg.asset(partitions_def=DAYS)
def by_day() -> None:
    """An asset with partitions."""


@dg.asset
def whole() -> None:
    """An asset without."""


@dg.asset
def broken() -> None:
    """An asset that nobody ever built."""
    raise dg.Failure("always")


def run(instance: dg.DagsterInstance, asset: dg.AssetsDefinition, day: str | None = None) -> str:
    return dg.materialize(
        [asset], instance=instance, partition_key=day, raise_on_error=False
    ).run_id


def test_old_runs_go_but_for_those_that_built_what_is_in_use() -> None:
    with dg.instance_for_test() as instance:
        replaced = [run(instance, by_day, "2026-01-01"), run(instance, whole)]
        kept = [
            run(instance, by_day, "2026-01-01"),
            run(instance, by_day, "2026-01-02"),
            run(instance, whole),
        ]
        failed = run(instance, broken)
        now = datetime.now(UTC)

        assert remove_old_runs(instance, now + KEPT_FOR - timedelta(minutes=1)) == 0
        assert remove_old_runs(instance, now + KEPT_FOR + timedelta(minutes=1)) == 3

        left = {found.run_id for found in instance.get_runs()}
        assert left == set(kept)
        assert not left & {*replaced, failed}
        assert set(instance.get_materialized_partitions(by_day.key)) == {"2026-01-01", "2026-01-02"}
