"""QuickSight as code, made from the semantic layer: what the dashboard here shows, there."""
