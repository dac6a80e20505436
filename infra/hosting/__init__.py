"""What is in the image of Dagster and the dashboard."""
