"""Places in lists, for protocols whose clients name the last item that they have seen."""

from datetime import datetime

from app.db.paging import encode_cursor


def cursor_behind(created_at: datetime, key: str) -> str:
    """The cursor behind an item of a list that goes by creation time and id."""
    return encode_cursor(created_at, key)
