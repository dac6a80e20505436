"""Conditional writes of the user_sessions table."""

from typing import TYPE_CHECKING

from .session_states import SessionState

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table


class SessionTable:
    def __init__(self, table: "Table", *, retention_days: int) -> None:
        self._table = table
        self._retention_days = retention_days

    def record(self, state: SessionState, *, updated_at: str) -> bool:
        """False when the table holds this state or a later one. The verdict, not ours, stays."""
        attributes = {
            **state.attributes,
            "updated_at": updated_at,
            "expires_at": state.expires_at(retention_days=self._retention_days),
        }
        assignments = ", ".join(f"{name} = :{name}" for name in attributes)
        try:
            self._table.update_item(
                Key={"user_id": state.user_id, "user_session": state.user_session},
                UpdateExpression=f"set {assignments}",
                ConditionExpression="attribute_not_exists(as_of_at) or as_of_at < :as_of_at",
                ExpressionAttributeValues={f":{name}": v for name, v in attributes.items()},
            )
        except self._table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True
