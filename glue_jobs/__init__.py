"""Spark jobs: what AWS Glue runs where one machine is not enough."""
