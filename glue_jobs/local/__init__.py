"""What only one machine needs to run a Spark job."""
