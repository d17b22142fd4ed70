"""The programs whose runs are measured; each takes its amount of work as an argument."""
