"""The marts: tables that answer the questions of the business, one partition a day.

What does not belong here: how a figure is computed. That is `marts/sql/<mart>.sql`.
"""

from ecom_platform.contracts.bot_marts import DAILY_BOT_IMPACT
from ecom_platform.contracts.buyer_marts import (
    CART_RECOVERY,
    PRODUCT_AFFINITY,
    VISITOR_COHORTS,
)
from ecom_platform.contracts.mart_columns import (
    AUDIENCE,
    BRAND,
    CATEGORY,
    OWNER,
    amount,
    count,
    mart,
    ranks,
)
from ecom_platform.contracts.table import EVENT_DATE, Column, ColumnType, Input, Table

MARKETING_NEEDS = (
    "needs_exposure",
    "needs_persuasion",
    "needs_review",
    "healthy",
    "too_little_data",
)

KPIS = ("visitors", "carts", "purchases", "revenue", "conversion")
"""What is watched for odd days; conversion is the share of visitors that buy."""
ANOMALY_DAYS = 42
TRAILING_DAYS = 28
TRAILING_INPUT = {"days_before": TRAILING_DAYS - 1}


EVENTS = Input("lake", "events")
BOTS = Input("lake", "bot_verdicts")
EVENTS_OF_TWO_DAYS = (
    Input("lake", "events", days_after=1),
    Input("lake", "bot_verdicts", days_after=1),
)
ACTIVITY = (
    count("view", "Views."),
    count("cart", "Products put into a cart."),
    count("purchase", "Products bought."),
    amount("revenue", "Sum of the prices of purchases."),
)
PER_DAY: ColumnType = "double"

DAILY_VISITORS = mart(
    "daily_visitors",
    "One row a day: how many people came, what they did and what they spent. From `lake/events`;"
    " read by the dashboard, and by every question that starts with 'how many'.",
    (
        count("visitor", "Distinct `user_id`."),
        count("session", "Distinct pairs of `user_id` and `user_session`."),
        count("event", "Events of all types."),
        count("view", "Views."),
        count("cart", "Products put into a cart."),
        count("remove_from_cart", "Products taken out of a cart."),
        count("purchase", "Products bought."),
        count("buyer", "Distinct `user_id` with a purchase."),
        amount("revenue", "Sum of the prices of purchases."),
        count("events_without_session", "Events that belong to no session."),
        Column("is_partial", "boolean", "No raw object was modified after the day's end."),
    ),
    (),
    (EVENTS, BOTS, Input("lake", "event_days")),
)

DAILY_CART_ABANDONMENT = mart(
    "daily_cart_abandonment",
    "One row a day: what became of the session-days that put something into a cart. From"
    " `lake/events` of the day and the next; read by whoever works on the checkout.",
    (
        count("cart_session", "Session-days with a cart event."),
        count("converted_session", "Bought in the session within 24 h of the first cart event."),
        count("emptied_session", "Not converted, and every product was taken out again."),
        count("abandoned_session", "The rest."),
        Column(
            "abandonment_rate",
            "double",
            "abandoned / (converted + abandoned); none where both are 0.",
            nullable=True,
        ),
        amount("abandoned", "Price of what unconverted session-days left in their carts."),
        Column("is_mature", "boolean", "This day and the next are there, and neither is partial."),
    ),
    (),
    (
        *EVENTS_OF_TWO_DAYS,
        Input("lake", "event_days", days_after=1),
        Input("marts", "abandoned_carts"),
    ),
)

ABANDONED_CARTS = mart(
    "abandoned_carts",
    "One row for each product that a session-day left in its cart: last seen there, and not bought"
    " in that session within 24 h. From `lake/events`; read by re-marketing.",
    (
        Column("user_id", "bigint", "Pseudonym of the visitor."),
        Column("user_session", "string", "Session of the visitor."),
        Column("product_id", "bigint", "Product left behind."),
        Column("first_carted_at", "timestamp", "First cart event of the product that day, UTC."),
        Column("last_carted_at", "timestamp", "Last cart event of the product that day, UTC."),
        Column(
            "last_cart_price",
            "decimal(14,2)",
            "Price at the last cart event; of two in a second the higher.",
        ),
        CATEGORY,
        BRAND,
        Column("is_session_converted", "boolean", "The session-day bought something else."),
    ),
    ("user_id", "user_session", "product_id"),
    EVENTS_OF_TWO_DAYS,
)

HOURLY_CATEGORY_ACTIVITY = mart(
    "hourly_category_activity",
    "One row for each category that had an event in an hour: the top categories per hour. From"
    " `lake/events`; read by merchandising and by `weekday_category_ranking`.",
    (
        Column("hour", "int", "Hour of the day, 0 to 23, UTC."),
        CATEGORY,
        *ACTIVITY,
        *ranks("view", "cart", "purchase", "revenue"),
    ),
    ("hour", "category_code"),
    (EVENTS, BOTS),
)

WEEKDAY_CATEGORY_RANKING = mart(
    "weekday_category_ranking",
    "One row for each weekday and category over the 28 days that end on the partition's day: the"
    " top categories per weekday, per day that has data. From `hourly_category_activity`.",
    (
        Column("weekday", "int", "1 is Monday, 7 is Sunday."),
        CATEGORY,
        Column("days_with_data", "bigint", "Days of that weekday in the window that have data."),
        Column("views_per_day", PER_DAY, "Views per day with data."),
        Column("carts_per_day", PER_DAY, "Carts per day with data."),
        Column("purchases_per_day", PER_DAY, "Purchases per day with data."),
        Column("revenue_per_day", PER_DAY, "Revenue per day with data."),
        *ranks("view", "cart", "purchase", "revenue"),
    ),
    ("weekday", "category_code"),
    (Input("marts", "hourly_category_activity", **TRAILING_INPUT),),
)

DAILY_BRAND_CATEGORY_ACTIVITY = mart(
    "daily_brand_category_activity",
    "One row for each brand and category with an event that day. From `lake/events`; read by"
    " `brand_marketing_needs`.",
    (BRAND, CATEGORY, *ACTIVITY),
    ("brand", "category_code"),
    (EVENTS, BOTS),
)

BRAND_MARKETING_NEEDS = mart(
    "brand_marketing_needs",
    "One row for each brand over the 28 days that end on the partition's day: which brands need"
    " marketing, of what kind, with the evidence. From `daily_brand_category_activity`.",
    (
        BRAND,
        Column("days_with_data", "bigint", "Days of the window that have data."),
        count("view", "Views of the brand in known categories (V)."),
        count("purchase", "Purchases of the brand in known categories (P)."),
        Column(
            "expected_rate",
            "double",
            "Purchases per view of other brands in its categories, weighted by its own views (e).",
            nullable=True,
        ),
        Column("shrunk_rate", "double", "s = (P + k·e)/(V + k), k = 200 views.", nullable=True),
        Column(
            "lift", "double", "s / e: 1.25 and more is better, 0.80 and less worse.", nullable=True
        ),
        Column(
            "typical_view_count",
            "double",
            "View-weighted mean of the median views in its categories.",
            nullable=True,
        ),
        Column("is_seen", "boolean", "V is at least the typical views.", nullable=True),
        Column(
            "marketing_need",
            "string",
            "What follows; none for the brand `unknown`.",
            nullable=True,
            accepted_values=MARKETING_NEEDS,
        ),
    ),
    ("brand",),
    (Input("marts", "daily_brand_category_activity", **TRAILING_INPUT),),
)

DAILY_FUNNEL = mart(
    "daily_funnel",
    "One row a day: session-days that viewed, then carted, then bought, in that order. From"
    " `lake/events`; read by whoever asks where visitors are lost.",
    (
        count("session", "Session-days."),
        count("viewed_session", "With a view."),
        count("carted_session", "With a cart event at or after the first view."),
        count("purchased_session", "With a purchase at or after that cart event."),
        count("purchase_without_cart_session", "With a purchase and no cart event at all."),
    ),
    (),
    (EVENTS, BOTS),
)

KPI_ANOMALIES = Table(
    layer="marts",
    name="kpi_anomalies",
    description=(
        "One row a day and watched figure of people: what it is, what the six weeks before let"
        " expect, and whether it lies outside that. From `marts/daily_visitors`; read by whoever is"
        " asked why a day is odd."
    ),
    owner=OWNER,
    columns=(
        Column("kpi", "string", "Which figure.", accepted_values=KPIS),
        Column("value", "double", "What it is; none for a rate of nothing.", nullable=True),
        count("thing", "How many things it counts; of revenue and conversion, the buyers."),
        Column("expected_value", "double", "What was to be expected.", nullable=True),
        Column("lower_value", "double", "Below this it is unusual.", nullable=True),
        Column("upper_value", "double", "Above this it is unusual.", nullable=True),
        Column("days_with_data", "bigint", "Whole days of the 42 before that have data."),
        Column(
            "is_unusual",
            "boolean",
            "It lies outside; none on a partial day, and before 28 days with data.",
            nullable=True,
        ),
        Column("is_partial", "boolean", "The day may still grow."),
    ),
    partition_columns=(EVENT_DATE,),
    primary_key=("event_date", "kpi"),
    inputs=(Input("marts", "daily_visitors", days_before=ANOMALY_DAYS),),
)

TABLES = (
    DAILY_VISITORS,
    ABANDONED_CARTS,
    CART_RECOVERY,
    DAILY_CART_ABANDONMENT,
    HOURLY_CATEGORY_ACTIVITY,
    WEEKDAY_CATEGORY_RANKING,
    DAILY_BRAND_CATEGORY_ACTIVITY,
    BRAND_MARKETING_NEEDS,
    DAILY_FUNNEL,
    DAILY_BOT_IMPACT,
    KPI_ANOMALIES,
    PRODUCT_AFFINITY,
    VISITOR_COHORTS,
)
"""In an order in which each follows what it reads."""

OF_EVENTS = tuple(mart for mart in TABLES if AUDIENCE in mart.columns)
"""Those that any engine makes of events by SQL alone, with rows for each audience."""
