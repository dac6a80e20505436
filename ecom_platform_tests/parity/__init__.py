"""`make parity`: the same questions to DuckDB, Trino and Spark, and every row that differs."""
