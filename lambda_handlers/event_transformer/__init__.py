"""Brings raw events into the archive line by line: one deployable, run by Lambda for Firehose."""
