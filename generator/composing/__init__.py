"""From what was read to the shape of an answer: which sentences, rows, items and steps are said, and in which order."""
