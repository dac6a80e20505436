"""The tables that say who is a bot: what the rules found, and what a person said."""

from ecom_platform.contracts.table import EVENT_DATE, Column, Input, Table

OWNER = "team:data-platform"
SAYINGS = ("person", "bot")
BY_HAND = "by_hand"
"""The rule of a verdict that a person gave."""

CANARY_ENTITY = "user#9007199254740991"
"""The user that does not exist and must be found every few minutes; the recorders' own number."""

VERDICT_WORDS = Table(
    layer="lake",
    name="verdict_words",
    description=(
        "One row for each time a person said who somebody is. Kept for ever; of one user the last"
        " word counts, and every rebuild of `lake/bot_verdicts` honours it."
    ),
    owner=OWNER,
    columns=(
        Column("user_id", "bigint", "Whom it is about."),
        Column("says", "string", "What he is.", accepted_values=SAYINGS),
        Column("reason", "string", "Why, in the person's words."),
        Column("said_at", "timestamp", "When it was said, UTC."),
        Column("said_by", "string", "Who said it."),
    ),
    partition_columns=(),
    primary_key=("user_id", "said_at"),
)

BOT_VERDICTS = Table(
    layer="lake",
    name="bot_verdicts",
    description=(
        "One row for each episode of each rule on a day, by the rules over the day's events in"
        " `lake/events`. Every event of a user with a row that `is_excluded` is left out of the"
        " audience `people` on that day; an alarm about the site takes nobody out."
    ),
    owner=OWNER,
    columns=(
        Column("entity_type", "string", "Whom it is about.", accepted_values=("user", "site")),
        Column("entity_id", "string", "The `user_id` as text, or `all`."),
        Column("user_id", "bigint", "The user, if it is about one.", nullable=True),
        Column("rule", "string", "The rule, or `by_hand`."),
        Column("rule_version", "int", "Version of the rule."),
        Column("severity", "string", "How severe the rule is."),
        Column("opened_at", "timestamp", "First crossing of the threshold, rule_time in UTC."),
        Column("last_crossed_at", "timestamp", "Last crossing, rule_time in UTC."),
        Column("crossing_count", "bigint", "Crossings in the episode."),
        Column("peak_value", "double", "Highest observed value."),
        Column("threshold", "double", "What it had to exceed."),
        Column("evidence", "string", "What else was seen at the peak, as JSON."),
        Column("is_excluded", "boolean", "The user's events are not those of people."),
        Column("overruled_reason", "string", "Why a person said otherwise.", nullable=True),
    ),
    partition_columns=(EVENT_DATE,),
    primary_key=("event_date", "rule", "entity_id", "opened_at"),
    inputs=(Input("lake", "events"),),
)

TABLES = (VERDICT_WORDS, BOT_VERDICTS)
