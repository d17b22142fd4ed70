"""Growth: the same program with 1, 10 and 100 times the work."""
