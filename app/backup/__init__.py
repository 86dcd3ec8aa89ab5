"""Backups: one checksummed file with all rows and originals, restored into an empty home."""
