"""Composition root: the parts that a process works with, built from the settings on first use."""
