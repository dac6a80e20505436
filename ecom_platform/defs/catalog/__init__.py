"""The Dagster objects of the layer catalog."""
