"""The Dagster objects of the layer marts."""
