"""Tables of every format: cells, rows of names, pairs of label and value."""
