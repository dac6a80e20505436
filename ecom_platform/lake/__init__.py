"""The pure work of the lake: reading event files, merging days, accounting for every row.

No Dagster and no boto3 here: files are local paths, tables are DuckDB relations.
"""
