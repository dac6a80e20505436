"""Sends heartbeats and the canary into the raw stream: a function on AWS, a process locally."""
