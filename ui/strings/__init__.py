"""The strings of the pages: key -> (English, Chinese), one module for each part of the pages."""

from typing import Final

from ui.strings.answers import ANSWERS
from ui.strings.collections import COLLECTIONS
from ui.strings.errors import ERRORS
from ui.strings.golden import GOLDEN
from ui.strings.living import LIVING
from ui.strings.pages import PAGES
from ui.strings.people import PEOPLE
from ui.strings.safety import SAFETY

STRINGS: Final[dict[str, tuple[str, str]]] = {
    **PAGES,
    **ANSWERS,
    **COLLECTIONS,
    **PEOPLE,
    **SAFETY,
    **LIVING,
    **GOLDEN,
    **ERRORS,
}
