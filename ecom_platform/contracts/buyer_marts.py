"""The marts about buying again: what left carts bring back, what goes together, who returns.

What does not belong here: how a figure is computed. That is `marts/sql/<mart>.sql`.
"""

from ecom_platform.contracts.mart_columns import BRAND, CATEGORY, OWNER, amount, count, mart
from ecom_platform.contracts.table import EVENT_DATE, Column, Input, Table

RECOVERY_DAYS = 14

CART_RECOVERY = mart(
    "cart_recovery",
    "One row for each category, brand and horizon: what the day's carts left behind, and how much"
    " of it the same users bought within so many days. From `marts/abandoned_carts` and"
    " `lake/events`; read by re-marketing.",
    (
        CATEGORY,
        BRAND,
        Column("horizon_days", "int", "1, 3, 7 or 14 days from the last cart event."),
        count("left", "Products left in carts."),
        amount("left", "Their price."),
        count("recovered", "Of these, bought by the same user within the horizon."),
        amount("recovered", "Their price in the cart."),
        Column("is_open", "boolean", "The window's last day is missing or partial."),
    ),
    ("category_code", "brand", "horizon_days"),
    (
        Input("marts", "abandoned_carts"),
        Input("lake", "events", days_after=RECOVERY_DAYS),
        Input("lake", "bot_verdicts", days_after=RECOVERY_DAYS),
        Input("lake", "event_days", days_after=RECOVERY_DAYS),
    ),
)

AFFINITY_DAYS = 28
AFFINITY_WINDOW = {"days_before": AFFINITY_DAYS - 1}

PRODUCT_AFFINITY = Table(
    layer="marts",
    name="product_affinity",
    description=(
        "On Sundays, one row for each product and one of the twenty that most people looked at, or"
        " bought, in the same session-day, over the four weeks that end there; on other days none."
        " From `lake/events` of people; read by recommendations."
    ),
    owner=OWNER,
    columns=(
        Column(
            "event_type",
            "string",
            "Whether both were looked at, or both bought.",
            accepted_values=("view", "purchase"),
        ),
        Column("product_id", "bigint", "The product."),
        CATEGORY,
        BRAND,
        Column("other_product_id", "bigint", "What goes with it."),
        count("session", "Session-days with both; at least five."),
        Column("support", "double", "Share of all session-days that have both."),
        Column("confidence", "double", "Of those with the product, the share with the other too."),
        Column("lift", "double", "Confidence by the other's own share: above 1 they attract."),
        Column("affinity_rank", "int", "1 is what goes with it most often."),
    ),
    partition_columns=(EVENT_DATE,),
    primary_key=("event_date", "event_type", "product_id", "affinity_rank"),
    inputs=(
        Input("lake", "events", **AFFINITY_WINDOW),
        Input("lake", "bot_verdicts", **AFFINITY_WINDOW),
    ),
)

COHORT_DAYS = 396
"""Twelve months, and the days of the month at hand: at most so many before the last."""
COHORT_WINDOW = {"days_before": COHORT_DAYS}

VISITOR_COHORTS = mart(
    "visitor_cohorts",
    "One row for each month of a first purchase and each month since, as known at the end of the"
    " day: how many of those buyers bought then, and for how much. From `lake/events`; read by"
    " whoever asks whether customers come back.",
    (
        Column("cohort_month", "date", "First day of the month of the first purchase."),
        Column("months_since", "int", "0 is that month itself."),
        count("cohort_buyer", "Buyers whose first purchase was in that month."),
        count("buyer", "Of these, those who bought in the month at hand."),
        Column("returning_rate", "double", "Their share."),
        amount("revenue", "What they paid in the month at hand."),
        Column("is_open", "boolean", "The month at hand is not over, or its last day is partial."),
    ),
    ("cohort_month", "months_since"),
    (
        Input("lake", "events", **COHORT_WINDOW),
        Input("lake", "bot_verdicts", **COHORT_WINDOW),
        Input("lake", "event_days", **COHORT_WINDOW),
    ),
)
