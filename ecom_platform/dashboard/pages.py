"""The pages and their charts, each once: what it asks, and which measures answer by what.

What does not belong here: how a chart is drawn (`webapp.drawing`), or what it asks an engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ecom_platform.contracts.table import Table
from ecom_platform.dashboard import measures as m

Kind = Literal["figures", "lines", "bars", "heat", "quadrant", "steps", "table", "bands"]


@dataclass(frozen=True)
class Chart:
    """One chart.

    Attributes:
        name: its one name, unique over all pages.
        title: the answer that it gives.
        kind: how it is drawn.
        measures: of one mart.
        by: dimensions, the first one along the axis.
        top: so many of the first by the first measure; 0 for all.
        is_last_day: whether it shows the last day that has rows, alone: a mart that looks back.

    """

    name: str
    title: str
    kind: Kind
    measures: tuple[m.Measure, ...]
    by: tuple[m.Dimension, ...] = (m.DAY,)
    top: int = 0
    is_last_day: bool = False

    @property
    def mart(self) -> Table:
        return self.measures[0].mart

    @property
    def note(self) -> str:
        """What its figures do not say."""
        return m.in_words(caveat for one in self.measures for caveat in one.caveats)


@dataclass(frozen=True)
class Page:
    """One page: a question, and the charts that answer it.

    `parts` names what is read from elsewhere than a mart: live tables, or the state of the lake.
    """

    name: str
    title: str
    question: str
    charts: tuple[Chart, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether it shows what happens now; QuickSight has no such page."""
        return not self.charts


VISITORS = Page(
    "visitors",
    "Visitors",
    "How many people came, and what did they spend?",
    (
        Chart("visitor_figures", "The last day", "figures", (m.VISITORS, m.SESSIONS, m.REVENUE)),
        Chart("visitors_by_day", "Visitors and sessions a day", "lines", (m.VISITORS, m.SESSIONS)),
        Chart("revenue_by_day", "Revenue a day", "bars", (m.REVENUE,)),
    ),
)
FUNNEL = Page(
    "funnel",
    "Funnel",
    "Where are visitors lost?",
    (
        Chart("funnel_steps", "Sessions by step", "steps", (m.VIEWED, m.CARTED, m.PURCHASED), ()),
        Chart("conversion_by_day", "Conversion a day", "lines", (m.CONVERSION,)),
    ),
)
CARTS = Page(
    "carts",
    "Carts",
    "What was put into carts and not bought?",
    (
        Chart("abandonment_by_day", "Carts abandoned a day", "lines", (m.ABANDONMENT,)),
        Chart("abandoned_value_by_day", "Value left a day", "bars", (m.ABANDONED_AMOUNT,)),
        Chart("carts_by_hour", "Carts filled by hour", "bars", (m.CATEGORY_CARTS,), (m.HOUR,)),
        Chart("recovery", "What came back", "bars", (m.RECOVERY,), (m.HORIZON,)),
        Chart(
            "recovered_value", "Value that came back", "bars", (m.RECOVERED_AMOUNT,), (m.HORIZON,)
        ),
        Chart("left_by_category", "Left by category", "bars", (m.LEFT_VALUE,), (m.CATEGORY,), 10),
        Chart("left_by_product", "Products left most", "table", (m.LEFT_VALUE,), (m.PRODUCT,), 20),
    ),
)
CATEGORIES = Page(
    "categories",
    "Categories",
    "Which categories, at which hour, on which weekday?",
    (
        Chart(
            "views_by_hour_and_weekday",
            "Views by hour and weekday",
            "heat",
            (m.CATEGORY_VIEWS,),
            (m.HOUR, m.WEEKDAY),
        ),
        Chart("top_categories", "Top by revenue", "bars", (m.CATEGORY_REVENUE,), (m.CATEGORY,), 10),
        Chart(
            "categories_in_figures",
            "Categories in figures",
            "table",
            (m.CATEGORY_REVENUE, m.CATEGORY_VIEWS, m.CATEGORY_CARTS, m.CATEGORY_PURCHASES),
            (m.CATEGORY,),
            50,
        ),
    ),
)
BRANDS = Page(
    "brands",
    "Brands",
    "Which brands need marketing, and of what kind?",
    (
        Chart(
            "brand_quadrant",
            "Seen and persuasive",
            "quadrant",
            (m.BRAND_VIEWS, m.BRAND_LIFT),
            (m.BRAND, m.NEED),
            200,
            is_last_day=True,
        ),
        Chart(
            "brand_evidence",
            "The evidence",
            "table",
            (m.BRAND_VIEWS, m.BRAND_PURCHASES, m.BRAND_LIFT, m.TYPICAL_VIEWS),
            (m.BRAND, m.NEED),
            200,
            is_last_day=True,
        ),
    ),
)
BOTS = Page(
    "bots",
    "Bots",
    "What did bots do to the figures?",
    (
        Chart("bot_figures", "The last day", "figures", (m.BOTS, m.BOT_EVENTS, m.BOT_CARTS)),
        Chart("ghost_carts_by_day", "Ghost carts a day", "lines", (m.GHOST_CARTS,)),
        Chart("bot_events_by_day", "Events of bots a day", "bars", (m.BOT_EVENTS,)),
    ),
    parts=("verdicts",),
)
ANOMALIES = Page(
    "anomalies",
    "Odd days",
    "Which days are not what the weeks before let expect?",
    (
        Chart(
            "kpi_bands",
            "Figures, and between which bounds they are usual",
            "bands",
            (m.KPI_VALUE, m.KPI_EXPECTED, m.KPI_LOWER, m.KPI_UPPER),
            (m.DAY, m.KPI),
        ),
    ),
)
BUYERS = Page(
    "buyers",
    "Buyers",
    "Who buys again, and what goes together?",
    (
        Chart(
            "returning_buyers",
            "Share of buyers that bought in the months after their first purchase",
            "heat",
            (m.RETURNING,),
            (m.MONTHS_SINCE, m.COHORT),
            is_last_day=True,
        ),
        Chart(
            "cohorts_in_figures",
            "Cohorts in figures",
            "table",
            (m.COHORT_BUYERS, m.RETURNING, m.COHORT_REVENUE),
            (m.COHORT, m.MONTHS_SINCE),
            is_last_day=True,
        ),
        Chart(
            "goes_together",
            "What goes together",
            "table",
            (m.PAIR_SESSIONS, m.PAIR_CONFIDENCE, m.PAIR_LIFT),
            (m.PRODUCT, m.OTHER_PRODUCT, m.DONE),
            100,
            is_last_day=True,
        ),
    ),
)
ALERTS = Page("alerts", "Alerts", "What is happening now?", parts=("alerts",))
SESSIONS = Page(
    "sessions", "Sessions now", "Who is here, and whose cart went quiet?", parts=("sessions",)
)
QUALITY = Page(
    "quality",
    "Data quality",
    "Can these figures be trusted?",
    parts=("readiness", "refusals", "restatements"),
)

PAGES: Mapping[str, Page] = {
    page.name: page
    for page in (
        *(VISITORS, FUNNEL, CARTS, CATEGORIES, BRANDS, BUYERS),
        *(ANOMALIES, BOTS, ALERTS, SESSIONS, QUALITY),
    )
}
CHARTS: Mapping[str, Chart] = {chart.name: chart for p in PAGES.values() for chart in p.charts}
