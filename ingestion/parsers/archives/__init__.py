"""Packed files, and files inside files."""
