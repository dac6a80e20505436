"""Why a file as a whole is not read as events: a closed list of reasons, each with its remedy."""

WANTED_HEADER = (
    "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session"
)

REMEDIES = {
    "empty_file": "deliver it again; it may have been cut off while it was written",
    "not_csv": "deliver comma-separated text, UTF-8, a header in the first line",
    "wrong_encoding": "save it as UTF-8",
    "wrong_delimiter": "save it with commas, and prices with a decimal point",
    "no_header": f"put the header in the first line: {WANTED_HEADER}",
    "not_readable_gzip": "deliver it again; it was cut off or damaged on the way",
    "missing_columns": f"wanted is a header like: {WANTED_HEADER}",
    "duplicate_columns": "leave each column in once",
    "too_large": "deliver it in parts, or raise the limit (`ecom_platform/lake/limits.py`)",
    "too_many_broken_lines": "write fields that hold quotes in quotes, with inner ones doubled",
}
"""What the deliverer can do about each reason."""


class FileRefusedError(Exception):
    """A file as a whole cannot be read as events; the other files go on.

    Attributes:
        reason: short name of the cause, e.g. `missing_columns`.
        detail: what was found.

    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}; {REMEDIES[reason]}")
        self.reason = reason
        self.detail = detail
