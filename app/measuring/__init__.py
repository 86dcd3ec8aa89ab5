"""Measuring: question sets, the quality of search and answers, and speed beside named peers."""
