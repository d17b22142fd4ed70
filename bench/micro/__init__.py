"""Micro costs: what one allocation and its free cost, in nanoseconds and in instructions."""
