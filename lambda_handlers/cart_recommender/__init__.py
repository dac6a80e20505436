"""Tells of carts gone quiet, with what goes with them: one deployable, run by Lambda."""
