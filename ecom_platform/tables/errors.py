"""What can be wrong with a file or a day, each with its reason and remedy."""


class FileRefusedError(Exception):
    """A file as a whole cannot be read as events; the other files go on.

    Attributes:
        reason: short name of the cause, e.g. `missing_columns`.
        detail: the value that is wrong.

    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class NotPublishableError(Exception):
    """A file or a day breaks a rule; nothing of it is published. `check` names the rule."""

    check: str


class RowsNotConservedError(NotPublishableError):
    """The sums of a file or a day do not add up."""

    check = "rows_are_conserved"


class ContractBrokenError(NotPublishableError):
    """Files that were written differ from the contract of their table."""

    check = "contract_is_kept"
