"""Revisions, named by date and subject."""
