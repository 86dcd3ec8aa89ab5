"""Moments as OpenAI's protocol has them: whole seconds since 1970."""

from datetime import datetime


def unix_time(moment: str | datetime) -> int:
    """Seconds of a moment, given as such or in ISO 8601."""
    return int((datetime.fromisoformat(moment) if isinstance(moment, str) else moment).timestamp())
