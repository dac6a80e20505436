"""The Dagster objects of the layer raw."""
