"""The table format: commits, Parquet, retention and the Glue form of a contract.

No Dagster and no boto3 here.
"""
