"""What the dashboard keeps in memory: the last tables and answers, each made once."""

import pyarrow as pa

from ecom_platform.webapp.reading import Kept


def test_a_table_is_made_once_until_others_push_it_out() -> None:
    kept, made = Kept(most=2), []

    def table(name: str) -> pa.Table:
        def make() -> pa.Table:
            made.append(name)
            return pa.table({"name": [name]})

        return kept.get((name,), make)

    for name in ("a", "b", "a", "c", "a", "b"):
        assert table(name)["name"].to_pylist() == [name]
    # The third pushed out the one that was asked for longest ago.
    assert made == ["a", "b", "c", "b"]
