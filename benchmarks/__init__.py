"""Benchmarks: one program a benchmark, each ends with one line of JSON.

Nothing of the platform knows of them, and no test needs them.
"""
