"""Conditional writes of the user_sessions table."""

from typing import TYPE_CHECKING, Any

from common.stored_item import stored_item

from .session_states import SessionState
from .session_totals import Attributes, resumed, stage_and_hour

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


HOUR = "active_hour"


class SessionTable:
    def __init__(self, table: "Table", *, retention_days: int, indexes_all: bool = True) -> None:
        self._table = table
        self._indexes_all = indexes_all
        self._retention_days = retention_days

    def record(self, state: SessionState, *, updated_at: str) -> bool:
        """False when the table holds this state or a later one. The verdict, not ours, stays.

        A session whose state Flink forgot begins anew there; here its totals go on.
        """
        fresh = {
            "updated_at": updated_at,
            "expires_at": state.expires_at(retention_days=self._retention_days),
        }
        same_part = "as_of_at < :as_of_at and part_started_at = :part_started_at"
        is_plain = "attribute_not_exists(earlier) and attribute_not_exists(known_before)"
        part = {**state.attributes, "part_started_at": state.attributes["first_event_at"]}
        stored = self._write(
            state,
            {**part, **fresh},
            f"attribute_not_exists(as_of_at) or ({same_part} and {is_plain})",
        )
        while stored is not None and stored["as_of_at"] < state.as_of_at:
            stored = self._write(
                state,
                {**resumed(stored, part), **fresh},
                "as_of_at = :stored_as_of_at",
                {":stored_as_of_at": stored["as_of_at"]},
            )
        return stored is None

    def _write(
        self,
        state: SessionState,
        attributes: Attributes,
        condition: str,
        values: Attributes | None = None,
    ) -> Attributes | None:
        """None when it was written, else the item that stands against it."""
        found = stage_and_hour(state.user_id, attributes, indexes_all=self._indexes_all)
        attributes = {**attributes, **found}
        # Whose cart was emptied again leaves the index.
        removal = "" if HOUR in found else f" remove {HOUR}"
        request: dict[str, Any] = {
            "Key": {"user_id": state.user_id, "user_session": state.user_session},
            "UpdateExpression": "set "
            + ", ".join(f"{name} = :{name}" for name in attributes)
            + removal,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {
                **{f":{name}": value for name, value in attributes.items()},
                **(values or {}),
            },
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        client = self._table.meta.client
        try:
            client.update_item(TableName=self._table.name, **request)
        except client.exceptions.ConditionalCheckFailedException as error:
            return stored_item(error)
        return None
