"""The platform's hands: S3, Glue, the query engine. Dagster resources, one a module."""
