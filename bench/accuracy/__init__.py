"""Accuracy: what each tool says of programs whose truth is known by construction."""
