"""From the reading to the shape of an answer: its sentences, rows, items and steps, and their order."""
