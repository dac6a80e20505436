"""The marts that tell what bots did to the figures, and what figures said before."""

from ecom_platform.contracts.mart_columns import AUDIENCE, OWNER, amount, both, count
from ecom_platform.contracts.table import EVENT_DATE, Column, Input, Table

DAILY_BOT_IMPACT = Table(
    layer="marts",
    name="daily_bot_impact",
    description=(
        "One row a day: the day's figures for everybody, for people, and what bots add to them;"
        " how many carts were ghost carts, filled by bots. From `marts/daily_visitors`,"
        " `marts/daily_cart_abandonment` and `lake/bot_verdicts`; read by whoever trusts a figure."
    ),
    owner=OWNER,
    columns=(
        count("bot", "Users whom a verdict excludes on the day."),
        *both("visitor", "Visitors"),
        *both("event", "Events"),
        *both("view", "Views"),
        *both("cart", "Products put into a cart"),
        *both("purchase", "Products bought"),
        amount("revenue", "Revenue, of everybody."),
        amount("people_revenue", "Revenue, of people."),
        amount("bot_revenue", "Revenue, of bots: the difference."),
        Column(
            "ghost_cart_rate", "double", "Share of carts that bots filled; none.", nullable=True
        ),
        Column("abandonment_rate", "double", "Abandonment of everybody's carts.", nullable=True),
        Column("people_abandonment_rate", "double", "Of people's carts.", nullable=True),
        Column("is_under_attack", "boolean", "A rule about the whole site raised an alarm."),
    ),
    partition_columns=(EVENT_DATE,),
    primary_key=("event_date",),
    inputs=(
        Input("marts", "daily_visitors"),
        Input("marts", "daily_cart_abandonment"),
        Input("lake", "bot_verdicts"),
    ),
)

RESTATEMENT_CAUSES = (
    "late_events",
    "export_arrived",
    "replay",
    "verdict",
    "overruling",
    "rule_version",
    "code_version",
    "erasure",
    "neighbouring_day",
)

RESTATEMENTS = Table(
    layer="marts",
    name="restatements",
    description=(
        "One row for each figure of a day that changed after its first publication as a whole day:"
        " what it said, what it says, and why. Only ever added to; kept for marts of one row a day"
        " and audience. Read by whoever sees another figure than last week."
    ),
    owner=OWNER,
    columns=(
        AUDIENCE,
        Column("figure", "string", "The column that changed."),
        Column("old_value", "string", "What it said."),
        Column("new_value", "string", "What it says since."),
        Column("causes", "string", f"Why, with commas: {', '.join(RESTATEMENT_CAUSES)}."),
        Column("run_id", "string", "The Dagster run that restated it."),
        Column("restated_at", "timestamp", "When, UTC."),
    ),
    partition_columns=(Column("mart", "string", "Whose figure it is."), EVENT_DATE),
    primary_key=("mart", "event_date", "audience", "figure", "restated_at"),
)
