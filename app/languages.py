"""The language that a question is answered in."""

import re
from typing import Literal

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def language_of(question: str) -> Literal["zh", "en"]:
    """Language to answer in: Chinese where a Han character occurs, else English."""
    return "zh" if _HAN.search(question) else "en"
