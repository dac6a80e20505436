"""The work with hands: files, hours, days and marts through S3 and the engine, without Dagster."""
