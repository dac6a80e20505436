"""What PostgreSQL serves: marts, for many who ask at once."""
