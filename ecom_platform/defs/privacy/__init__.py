"""The Dagster objects of forgetting users."""
