"""Synthetic shop traffic: people who browse and buy, the files they are delivered in, and the dirt
of real deliveries.

Everything is a pure function of a seed and of parameters. Reading the files again, and judging
them, belongs to the lake.
"""
