"""What is held: collections, documents, jobs and indexes, how they stand, and how they are erased."""
