"""Search: the scope and settings of a question, and the path from the question to ranked passages."""
