"""Text formats: plain, Markdown, JSON, separated values."""
