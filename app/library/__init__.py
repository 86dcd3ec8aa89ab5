"""Collections, documents, jobs and indexes: reading, changing, checking and erasing them."""
