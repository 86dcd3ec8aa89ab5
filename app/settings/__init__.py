"""Settings: their schema, how they are read and written, and how child processes get them."""
