"""Overhead: time, memory, capture and first report of each tool on each program."""
