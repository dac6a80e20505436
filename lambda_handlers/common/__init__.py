"""What several functions share; it goes into the package of each."""
