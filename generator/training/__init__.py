"""Losses, batches and loops that make the reader and the writer from examples."""
