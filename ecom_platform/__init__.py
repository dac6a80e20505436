"""E-commerce click-stream analytics: raw → lake → catalog → marts, run by Dagster."""
