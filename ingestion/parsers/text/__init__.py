"""Text formats: plain, Markdown, separated values, JSON, XML, notebooks, subtitles."""
