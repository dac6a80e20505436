"""What tells the operator of Dagster itself."""
