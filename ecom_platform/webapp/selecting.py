"""The bar at the side: whose events, which days, categories and brands. It stands in the address,
so that a link shows the same.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import streamlit as st

from ecom_platform.contracts import marts
from ecom_platform.dashboard.policy import Scope
from ecom_platform.dashboard.queries import AUDIENCES, Selection
from ecom_platform.webapp.reading import Reader

SHOWN_DAYS = 28
AUDIENCE_TITLES = {"people": "people", "all": "everybody", "difference": "difference"}


def select(reader: Reader, days: Sequence[date], scope: Scope) -> Selection:
    """What is chosen now; the last four weeks of people at first."""
    with st.sidebar:
        audience = st.segmented_control(
            "Whose events",
            AUDIENCES,
            default=AUDIENCES[0],
            required=True,
            format_func=lambda one: AUDIENCE_TITLES[one],
            key="audience",
            bind="query-params",
            help="people: without users whom a verdict calls a bot; difference: what bots add",
        )
        first, last = _days(days)
        plain = Selection(first, last, audience)
        return Selection(
            first,
            last,
            audience,
            tuple(_choose(reader, plain, scope, "category")),
            tuple(_choose(reader, plain, scope, "brand")),
        )


def _days(days: Sequence[date]) -> tuple[date, date]:
    least, most = min(days), max(days)
    begin = max(least, most - timedelta(days=SHOWN_DAYS - 1))
    first, last = (
        st.date_input(title, value, min_value=least, max_value=most, key=key, bind="query-params")
        for title, value, key in (("From", begin, "from"), ("To", most, "to"))
    )
    if first > last:
        st.warning("The first day lies behind the last one; they are swapped.")
    return min(first, last), max(first, last)


CHOICES = {"category": ("category_code", "Categories"), "brand": ("brand", "Brands")}


def _choose(reader: Reader, selection: Selection, scope: Scope, name: str) -> list[str]:
    column, title = CHOICES[name]
    found = reader.names(marts.DAILY_BRAND_CATEGORY_ACTIVITY, column, selection, scope)
    # A link may name what these days, or this user's rows, do not hold.
    return st.multiselect(title, found, key=name, bind="query-params", placeholder="all")
