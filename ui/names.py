r"""Names as people see them: characters that turn the direction of writing, or show nothing, become marks.

`invoice\u202etxt.exe` would otherwise look like `invoiceexe.txt`. The command line has the same rule in
`app/cli/output.py`: the pages import nothing of the app, and one test tries both.
"""

import re
from typing import Any, Final

_UNSEEN: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
_NAMES: Final = frozenset({"name", "title"})


def visible(name: str) -> str:
    """The name with a mark such as `[U+202E]` for each character that would show nothing or turn the rest."""
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", name)


def with_visible_names(value: Any) -> Any:
    """A reply of the interface with all its names and titles as people are to see them; texts stay as they are."""
    if isinstance(value, dict):
        return {
            key: visible(inner) if key in _NAMES and isinstance(inner, str) else with_visible_names(inner)
            for key, inner in value.items()
        }
    return [with_visible_names(inner) for inner in value] if isinstance(value, list) else value
