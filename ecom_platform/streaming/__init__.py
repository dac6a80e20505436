"""The pure work of the layer streaming: what is healthy, and what an alert says.

No Dagster and no boto3 here. The rules themselves are Flink's (`flink_app/sql/rules`).
"""
