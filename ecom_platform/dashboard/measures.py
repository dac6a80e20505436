"""Every measure and dimension once: what it is called, where it lies, and what it does not say.

What does not belong here: which chart shows it (`pages`), and the SQL of a chart (`queries`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ecom_platform.contracts import bot_marts, buyer_marts, marts
from ecom_platform.contracts.mart_columns import AUDIENCE
from ecom_platform.contracts.table import Table

Unit = Literal["count", "money", "rate", "number"]
Caveat = Literal[
    "partial", "immature", "under_attack", "not_additive", "window", "people", "early", "open",
    "weekly", "new",
]  # fmt: skip
CAVEATS: Mapping[Caveat, str] = {
    "partial": "days whose files came before midnight count as far as they came",
    "immature": "a cart may still be bought within 24 hours",
    "under_attack": "on days under attack bots are counted wherever no verdict names them",
    "not_additive": "one person on two days is one visitor of each: a sum over days is no count",
    "open": "while a window or month is open, more may come back",
    "people": "of people alone, whoever is chosen",
    "early": "nothing is said before four weeks of data",
    "weekly": "over the four weeks that end on the last Sunday shown",
    "new": "who bought nothing in the twelve months before counts as new",
    "window": "looks back over 28 days that end on the last day shown",
}


def in_words(caveats: Iterable[Caveat]) -> str:
    """Caveats for a reader, each once."""
    return "; ".join(CAVEATS[caveat] for caveat in dict.fromkeys(caveats))


@dataclass(frozen=True)
class Measure:
    """A figure of a mart.

    Attributes:
        name: its one name, in links and in QuickSight.
        title: what people read.
        mart: where it lies.
        column: summed over what is grouped; of a rate, its numerator.
        unit: how it is written.
        per: what a rate is divided by, summed too.
        caveats: what it does not say.

    """

    name: str
    title: str
    mart: Table
    column: str
    unit: Unit = "count"
    per: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ("partial",)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its mart that it reads."""
        return (self.column, *self.per)

    @property
    def note(self) -> str:
        """What it does not say, for a reader."""
        return in_words(self.caveats)


@dataclass(frozen=True)
class Dimension:
    """What a measure is shown by.

    Attributes:
        name: its one name; also that of its column in an answer.
        title: what people read.
        column: of the mart; none where it is derived from the day.
        derived: SQL over `event_date` that every engine understands alike.

    """

    name: str
    title: str
    column: str | None = None
    derived: str = ""

    @property
    def sql(self) -> str:
        return self.column or self.derived


DAY = Dimension("day", "Day", "event_date")
HOUR = Dimension("hour", "Hour", "hour")
WEEKDAY = Dimension(
    "weekday", "Weekday", derived="date_diff('day', date '2018-01-01', event_date) % 7 + 1"
)
"""1 is Monday, as 2018-01-01 was."""
CATEGORY = Dimension("category", "Category", "category_code")
BRAND = Dimension("brand", "Brand", "brand")
PRODUCT = Dimension("product", "Product", "product_id")
NEED = Dimension("need", "Need", "marketing_need")
KPI = Dimension("kpi", "Figure", "kpi")
HORIZON = Dimension("horizon", "Days since", "horizon_days")
COHORT = Dimension("cohort", "First purchase", "cohort_month")
MONTHS_SINCE = Dimension("months_since", "Months since", "months_since")
OTHER_PRODUCT = Dimension("other_product", "Goes with it", "other_product_id")
DONE = Dimension("done", "Looked at or bought", "event_type")
DIMENSIONS = (
    *(DAY, HOUR, WEEKDAY, CATEGORY, BRAND, PRODUCT, NEED, KPI, HORIZON),
    *(COHORT, MONTHS_SINCE, OTHER_PRODUCT, DONE),
)


def _of(
    mart: Table,
    *figures: tuple[str, str, str, Unit],
    caveats: tuple[Caveat, ...] = ("partial",),
) -> tuple[Measure, ...]:
    return tuple(
        Measure(name, title, mart, column, unit, caveats=caveats)
        for name, title, column, unit in figures
    )


VISITORS = Measure(
    "visitors",
    "Unique visitors",
    marts.DAILY_VISITORS,
    "visitor_count",
    caveats=("partial", "not_additive", "under_attack"),
)
SESSIONS, EVENTS, PURCHASES, REVENUE = _of(
    marts.DAILY_VISITORS,
    ("sessions", "Sessions", "session_count", "count"),
    ("events", "Events", "event_count", "count"),
    ("purchases", "Products bought", "purchase_count", "count"),
    ("revenue", "Revenue", "revenue_amount", "money"),
)
BUYERS = Measure(
    "buyers",
    "Buyers",
    marts.DAILY_VISITORS,
    "buyer_count",
    caveats=("partial", "not_additive"),
)

VIEWED, CARTED, PURCHASED = _of(
    marts.DAILY_FUNNEL,
    ("viewed_sessions", "Viewed", "viewed_session_count", "count"),
    ("carted_sessions", "Then carted", "carted_session_count", "count"),
    ("purchased_sessions", "Then bought", "purchased_session_count", "count"),
)
CONVERSION = Measure(
    "conversion",
    "Conversion of sessions that viewed",
    marts.DAILY_FUNNEL,
    "purchased_session_count",
    "rate",
    ("viewed_session_count",),
)

ABANDONMENT = Measure(
    "abandonment",
    "Carts abandoned",
    marts.DAILY_CART_ABANDONMENT,
    "abandoned_session_count",
    "rate",
    ("abandoned_session_count", "converted_session_count"),
    ("immature", "partial"),
)
ABANDONED_AMOUNT = Measure(
    "abandoned_amount",
    "Value left in carts",
    marts.DAILY_CART_ABANDONMENT,
    "abandoned_amount",
    "money",
    caveats=("immature", "partial"),
)
LEFT_VALUE = Measure(
    "left_value",
    "Value left",
    marts.ABANDONED_CARTS,
    "last_cart_price",
    "money",
    caveats=("immature",),
)

RECOVERY = Measure(
    "recovery",
    "Share bought later by the same user",
    buyer_marts.CART_RECOVERY,
    "recovered_count",
    "rate",
    ("left_count",),
    ("open",),
)
RECOVERED_AMOUNT = Measure(
    "recovered_amount",
    "Value that came back",
    buyer_marts.CART_RECOVERY,
    "recovered_amount",
    "money",
    caveats=("open",),
)

CATEGORY_VIEWS, CATEGORY_CARTS, CATEGORY_PURCHASES, CATEGORY_REVENUE = _of(
    marts.HOURLY_CATEGORY_ACTIVITY,
    ("category_views", "Views", "view_count", "count"),
    ("category_carts", "Products put into carts", "cart_count", "count"),
    ("category_purchases", "Products bought", "purchase_count", "count"),
    ("category_revenue", "Revenue", "revenue_amount", "money"),
)

BRAND_VIEWS, BRAND_PURCHASES, BRAND_LIFT, TYPICAL_VIEWS = _of(
    marts.BRAND_MARKETING_NEEDS,
    ("brand_views", "Views", "view_count", "count"),
    ("brand_purchases", "Products bought", "purchase_count", "count"),
    ("brand_lift", "Lift beside its categories", "lift", "number"),
    ("typical_views", "Typical views in its categories", "typical_view_count", "number"),
    caveats=("window",),
)

BOTS, BOT_EVENTS, BOT_CARTS = _of(
    bot_marts.DAILY_BOT_IMPACT,
    ("bots", "Bots", "bot_count", "count"),
    ("bot_events", "Events of bots", "bot_event_count", "count"),
    ("bot_carts", "Ghost carts", "bot_cart_count", "count"),
)
GHOST_CARTS = Measure(
    "ghost_carts",
    "Share of carts that bots filled",
    bot_marts.DAILY_BOT_IMPACT,
    "bot_cart_count",
    "rate",
    ("cart_count",),
    ("partial", "under_attack"),
)

KPI_VALUE, KPI_EXPECTED, KPI_LOWER, KPI_UPPER = _of(
    marts.KPI_ANOMALIES,
    ("kpi_value", "What it is", "value", "number"),
    ("kpi_expected", "Expected", "expected_value", "number"),
    ("kpi_lower", "Unusual below", "lower_value", "number"),
    ("kpi_upper", "Unusual above", "upper_value", "number"),
    caveats=("people", "early", "partial"),
)

RETURNING = Measure(
    "returning",
    "Share that bought",
    buyer_marts.VISITOR_COHORTS,
    "buyer_count",
    "rate",
    ("cohort_buyer_count",),
    ("new", "open"),
)
COHORT_BUYERS, COHORT_REVENUE = _of(
    buyer_marts.VISITOR_COHORTS,
    ("cohort_buyers", "Buyers", "buyer_count", "count"),
    ("cohort_revenue", "Revenue", "revenue_amount", "money"),
    caveats=("new", "open"),
)
PAIR_SESSIONS, PAIR_CONFIDENCE, PAIR_LIFT = _of(
    buyer_marts.PRODUCT_AFFINITY,
    ("pair_sessions", "Sessions with both", "session_count", "count"),
    ("pair_confidence", "Share that has the other too", "confidence", "rate"),
    ("pair_lift", "Lift", "lift", "number"),
    caveats=("people", "weekly"),
)

MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        *(VISITORS, SESSIONS, EVENTS, PURCHASES, REVENUE, BUYERS),
        *(VIEWED, CARTED, PURCHASED, CONVERSION),
        *(ABANDONMENT, ABANDONED_AMOUNT, LEFT_VALUE, RECOVERY, RECOVERED_AMOUNT),
        *(CATEGORY_VIEWS, CATEGORY_CARTS, CATEGORY_PURCHASES, CATEGORY_REVENUE),
        *(BRAND_VIEWS, BRAND_PURCHASES, BRAND_LIFT, TYPICAL_VIEWS),
        *(BOTS, BOT_EVENTS, BOT_CARTS, GHOST_CARTS),
        *(KPI_VALUE, KPI_EXPECTED, KPI_LOWER, KPI_UPPER),
        *(RETURNING, COHORT_BUYERS, COHORT_REVENUE),
        *(PAIR_SESSIONS, PAIR_CONFIDENCE, PAIR_LIFT),
    )
}


def has_audience(mart: Table) -> bool:
    """Whether a mart tells everybody and people apart."""
    return AUDIENCE in mart.columns


def has_column(mart: Table, name: str | None) -> bool:
    return any(column.name == name for column in mart.all_columns)
