"""Schema changes, oldest first in `versions/`; run by every start."""
