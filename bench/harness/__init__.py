"""What the benchmarks share: where things are, tools, programs, runs, tables."""
