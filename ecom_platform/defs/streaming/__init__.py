"""The Dagster objects of the layer streaming."""
