"""The pure work of the marts: their SQL, its parameters, and building a range of days."""
