"""Pictures of how good the alarms are: recall against rate, and against threshold.

What does not belong here: the figures (`detection`, `detection_sweep`).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import pyarrow as pa

STEP = 22
SCALE = 2


def draw_recall(recalls: Mapping[tuple[str, float], float], path: Path) -> None:
    """Recall of each family at each rate, as a heat map with its figures."""
    rows = [
        {"family": family, "rate": f"{rate:g}/s", "order": rate, "recall": recall}
        for (family, rate), recall in recalls.items()
    ]
    base = alt.Chart(_table(rows)).encode(
        x=alt.X("rate:O", sort=alt.EncodingSortField("order"), title="events a second"),
        y=alt.Y("family:N", sort=alt.EncodingSortField("recall", op="mean"), title=None),
    )
    color = alt.Color("recall:Q", scale=alt.Scale(scheme="yellowgreenblue", domain=[0, 1]))
    is_dark = alt.condition("datum.recall > 0.6", alt.value("white"), alt.value("black"))
    words = base.mark_text(size=10).encode(text=alt.Text("recall:Q", format=".2f"), color=is_dark)
    picture = (base.mark_rect().encode(color=color) + words).properties(
        width={"step": 2 * STEP}, height={"step": STEP}, title="Recall by family and rate"
    )
    picture.save(str(path), scale_factor=SCALE)


def draw_thresholds(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Of each rule alone: recall, and false alarms, against multiples of its threshold.

    Args:
        rows: with `rule`, `factor`, `recall` and `false_alarms` in 10,000 sessions.
        path: of the picture.

    """
    base = alt.Chart(_table(rows)).encode(x=alt.X("factor:Q", title="multiple of the threshold"))
    recall = base.mark_line(point=True).encode(
        y=alt.Y("recall:Q", title="recall", scale=alt.Scale(domain=[0, 1]))
    )
    false = base.mark_line(point=True, color="firebrick", strokeDash=[4, 2]).encode(
        y=alt.Y("false_alarms:Q", title="false alarms in 10,000 sessions")
    )
    layered = alt.layer(recall, false).resolve_scale(y="independent")
    picture = layered.properties(width=170, height=110).facet(
        facet=alt.Facet("rule:N", title=None), columns=4
    )
    picture.resolve_scale(y="independent").save(str(path), scale_factor=SCALE)


def _table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist([dict(row) for row in rows])
