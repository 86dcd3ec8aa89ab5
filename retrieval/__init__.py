"""From text to vectors and indexes, and from a question to the passages that are read for its answer."""
