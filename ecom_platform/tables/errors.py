"""What keeps a version of a table from being published; each error names its check."""


class NotPublishableError(Exception):
    """A file, an hour or a day breaks a rule; nothing of it is published."""

    check: str


class RowsNotConservedError(NotPublishableError):
    """The sums of a file, an hour or a day do not add up."""

    check = "rows_are_conserved"


class ContractBrokenError(NotPublishableError):
    """Files that were written differ from the contract of their table."""

    check = "contract_is_kept"
