"""Records detections as alerts: one deployable, run by Lambda."""
