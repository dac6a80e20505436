"""Records the newest state of each user session: one deployable, run by Lambda."""
