"""The Dagster objects, a folder a layer; each is thin and calls the pure work of its layer."""
