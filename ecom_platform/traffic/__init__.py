"""Synthetic shop traffic: people who browse and buy, attackers and look-alikes with their labels,
the files and streams they are delivered in, and the dirt of real deliveries.

Everything is a pure function of a seed and of parameters. Reading the files again, and judging
them, belongs to the lake; sending records belongs to the commands.
"""
