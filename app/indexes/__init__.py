"""Indexes of collections as caches of the database: opened, caught up, checked and repaired."""
