"""Bots found in recorded events: the rules of the stream and those of the lake, on DuckDB."""
