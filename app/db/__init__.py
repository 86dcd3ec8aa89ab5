"""Rows: the truth that every index and every answer is checked against."""
