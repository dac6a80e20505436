"""The tables of the layers raw and lake: events as they came, and the ledgers of them."""

from ecom_platform.contracts.table import EVENT_DATE, Column, Table

OWNER = "team:data-platform"

EVENT_TYPES = ("view", "cart", "remove_from_cart", "purchase")
SOURCES = ("export", "stream")

REFUSAL_REASONS = (
    "malformed_row",
    "not_one_json_object",
    "kpl_aggregated",
    "missing_event_id",
    "unbalanced_quote",
    "invalid_encoding",
    "bad_event_time",
    "event_time_in_future",
    "outside_partition_range",
    "unknown_event_type",
    "missing_or_bad_product_id",
    "bad_category_id",
    "missing_or_bad_price",
    "negative_price",
    "missing_or_bad_user_id",
    "text_too_long",
    "erased",
)
"""Why a row is refused: a closed list."""

FILE_ID = Column("file_id", "string", "The raw object and its version; the partition.")

ARRIVED_HOUR = Column(
    "arrived_hour", "string", "Hour (UTC) in which the archive took it; the partition."
)

SOURCE_COLUMNS = (
    Column("event_time", "timestamp", "When it happened, UTC."),
    Column("event_type", "string", "What the visitor did.", accepted_values=EVENT_TYPES),
    Column("product_id", "bigint", "Product that was seen, carted, removed or bought."),
    Column("category_id", "bigint", "Category of the product.", nullable=True),
    Column("category_code", "string", "Readable category path, where known.", nullable=True),
    Column("brand", "string", "Brand in lower case, where known.", nullable=True),
    Column("price", "decimal(14,2)", "Price of one unit at that moment."),
    Column("user_id", "bigint", "Pseudonym of the visitor."),
    Column("user_session", "string", "Session of the visitor, where known.", nullable=True),
)
"""The nine columns of the REES46 form."""

REQUIRED_SOURCE_COLUMNS = ("event_time", "event_type", "product_id", "price", "user_id")

EVENT_COLUMNS = (
    *SOURCE_COLUMNS,
    Column("source", "string", "Where the row came from.", accepted_values=SOURCES),
    Column("event_id", "string", "Id of a stream event; exports carry none.", nullable=True),
    Column(
        "arrived_at", "timestamp", "When the stream took it, UTC; exports: none.", nullable=True
    ),
    Column("event_hour", "int", "Hour of the day in the store's time, 0 to 23."),
)

REFUSAL_COLUMNS = (
    Column("reason", "string", "Why it was refused.", accepted_values=REFUSAL_REASONS),
    Column("detail", "string", "What the parser said, or the value that is wrong."),
    Column("line_text", "string", r"The line itself; bytes that are not UTF-8 as \xNN."),
)

RAW_EVENT_FILES = Table(
    layer="raw",
    name="event_files",
    description=(
        "The manifest: a row for each version of each CSV object under `raw/exports/` that was"
        " ever seen. Made by listing the bucket; read by whoever asks which files are known."
    ),
    owner=OWNER,
    columns=(
        FILE_ID,
        Column("object_key", "string", "Key of the object in the data bucket."),
        Column("etag", "string", "S3 entity tag of this version."),
        Column("byte_count", "bigint", "Size of the object, in bytes."),
        Column("last_modified_at", "timestamp", "When this version was put, UTC."),
        Column("is_retired", "boolean", "Taken back by command: what it brought counts no more."),
    ),
    partition_columns=(),
    primary_key=("file_id",),
)

STAGED_EVENTS = Table(
    layer="lake",
    name="staged_events",
    description=(
        "One row for each good row of a raw file, typed, with the repeats as they came. Each file"
        " is read once ever; `lake/events` is put together from these parts."
    ),
    owner=OWNER,
    columns=EVENT_COLUMNS,
    partition_columns=(FILE_ID, EVENT_DATE),
)

QUARANTINED_EVENTS = Table(
    layer="lake",
    name="quarantined_events",
    description=(
        "One row for each row of a raw file that was refused, with its text and the reason. Read by"
        " whoever mends the data or the rule; `make replay-quarantine` reads such files anew."
    ),
    owner=OWNER,
    columns=(
        Column("line_number", "bigint", "Line of the file, the header being line 1."),
        *REFUSAL_COLUMNS,
    ),
    partition_columns=(FILE_ID,),
    primary_key=("file_id", "line_number"),
)

STAGED_FILES = Table(
    layer="lake",
    name="staged_files",
    description=(
        "The ledger of files: one row a staged or refused file. Rows read = staged + quarantined."
    ),
    owner=OWNER,
    columns=(
        Column("object_key", "string", "Key of the raw object."),
        Column("last_modified_at", "timestamp", "When this version was put, UTC."),
        Column("byte_count", "bigint", "Size of the raw object, in bytes."),
        Column("read_row_count", "bigint", "Rows in the file, counted apart from the parser."),
        Column("staged_row_count", "bigint", "Rows kept in `lake/staged_events`."),
        Column("quarantined_row_count", "bigint", "Rows kept in `lake/quarantined_events`."),
        Column("absent_columns", "string", "Optional columns that the file lacks."),
        Column("refusal", "string", "Why the file as a whole was refused.", nullable=True),
    ),
    partition_columns=(FILE_ID,),
    primary_key=("file_id",),
)

STAGED_STREAM_EVENTS = Table(
    layer="lake",
    name="staged_stream_events",
    description=(
        "One row for each event id that the stream's archive took in an hour. From the objects"
        " under `raw/stream_events/`; `lake/events` is put together from these parts until exports"
        " come."
    ),
    owner=OWNER,
    columns=EVENT_COLUMNS,
    partition_columns=(ARRIVED_HOUR, EVENT_DATE),
    primary_key=("arrived_hour", "event_id"),
)

QUARANTINED_STREAM_EVENTS = Table(
    layer="lake",
    name="quarantined_stream_events",
    description=(
        "One row for each line of the stream's archive that was refused, with its text and the"
        " reason. Read by whoever mends the sender or the rule."
    ),
    owner=OWNER,
    columns=(
        Column("object_key", "string", "The archive's object."),
        Column("line_number", "bigint", "Line of the object, from 1."),
        *REFUSAL_COLUMNS,
    ),
    partition_columns=(ARRIVED_HOUR,),
    primary_key=("object_key", "line_number"),
)

STAGED_STREAM_HOURS = Table(
    layer="lake",
    name="staged_stream_hours",
    description=(
        "The ledger of the stream's archive: one row an hour of arrival. Rows read = staged +"
        " repeated + quarantined."
    ),
    owner=OWNER,
    columns=(
        Column("object_count", "bigint", "Objects of the archive."),
        Column("byte_count", "bigint", "Their size, in bytes."),
        Column("last_modified_at", "timestamp", "When the last of them was put, UTC."),
        Column("read_row_count", "bigint", "Lines in them, counted apart from the parser."),
        Column("staged_row_count", "bigint", "Rows kept in `lake/staged_stream_events`."),
        Column("repeated_row_count", "bigint", "Good rows whose event id the hour had already."),
        Column("quarantined_row_count", "bigint", "Rows in `lake/quarantined_stream_events`."),
    ),
    partition_columns=(ARRIVED_HOUR,),
    primary_key=("arrived_hour",),
)

EVENTS = Table(
    layer="lake",
    name="events",
    description=(
        "One row for each good event, repeats of re-delivered files taken out. A day is pointed at"
        " its one staged part or merged from several. All marts start here."
    ),
    owner=OWNER,
    columns=EVENT_COLUMNS,
    partition_columns=(EVENT_DATE,),
)

EVENT_DAYS = Table(
    layer="lake",
    name="event_days",
    description=(
        "The ledger of days: one row a day. Rows staged = kept + re-delivered + retired + waiting"
        " (export rows) and kept + superseded (stream rows)."
    ),
    owner=OWNER,
    columns=(
        Column("source", "string", "What the day was built from.", accepted_values=SOURCES),
        Column("staged_row_count", "bigint", "Rows staged of this day, all files together."),
        Column("kept_row_count", "bigint", "Rows of `lake/events`."),
        Column("redelivered_row_count", "bigint", "Rows that an earlier file already brought."),
        Column("retired_row_count", "bigint", "Rows of files that a later version replaced."),
        Column("waiting_row_count", "bigint", "Export rows below the bar that lets them count."),
        Column("superseded_row_count", "bigint", "Stream rows of a day that exports have."),
        Column("file_count", "bigint", "Files that have rows of this day and are not retired."),
        Column("last_modified_at", "timestamp", "When the last of its objects was put, UTC."),
        Column(
            "is_partial",
            "boolean",
            "No raw object of the day's source was modified after the day's end.",
        ),
    ),
    partition_columns=(EVENT_DATE,),
    primary_key=("event_date",),
)

FILE_TABLES = (STAGED_EVENTS, QUARANTINED_EVENTS, STAGED_FILES)
"""Written together, a file at a time."""
HOUR_TABLES = (STAGED_STREAM_EVENTS, QUARANTINED_STREAM_EVENTS, STAGED_STREAM_HOURS)
"""Written together, an hour of arrival at a time."""
DAY_TABLES = (EVENTS, EVENT_DAYS)
"""Written together, a day at a time."""

TABLES = (RAW_EVENT_FILES, *FILE_TABLES, *HOUR_TABLES, *DAY_TABLES)
