"""How many pictures a page of the dashboard draws."""

from ecom_platform.contracts.marts import KPIS
from ecom_platform.dashboard.pages import Page

SEVERAL = {"figures": 0, "table": 0, "bands": len(KPIS)}
"""Kinds of charts that are not one picture."""


def picture_count(page: Page) -> int:
    return sum(SEVERAL.get(chart.kind, 1) for chart in page.charts)
