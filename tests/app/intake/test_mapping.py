"""Settings reach the parsers as they are configured."""

from app.intake.mapping import parsing_limits
from app.settings.groups import LimitSettings


def test_what_is_kept_of_a_file_is_a_setting() -> None:
    kept = parsing_limits(LimitSettings(keep_hidden=True, keep_margins=True, max_pages=7))
    assert (kept.keep_hidden, kept.keep_margins, kept.max_pages) == (True, True, 7)
    default = parsing_limits(LimitSettings())
    assert (default.keep_hidden, default.keep_margins) == (False, False)
