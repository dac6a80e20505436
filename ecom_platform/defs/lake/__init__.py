"""The Dagster objects of the layer lake."""
