"""What each role really does, held against what it may do."""
