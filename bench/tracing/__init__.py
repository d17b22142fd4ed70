"""What tracing from inside a program costs: weigh.compat.tracemalloc beside the standard library's tracemalloc."""
