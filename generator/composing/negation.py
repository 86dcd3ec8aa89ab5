"""Whether a text states a negation or an omission: an exception, where another text has the rule."""

import re

from generator.composing.question import without_choice

_HAN = re.compile(r"[\u4e00-\u9fff]")
_NEGATES_ZH = re.compile(
    r"不(?!同|仅|但|论|管|断|良|超过|足|少于|低于|满|动产|可抗力)|[免勿]|禁止|严禁|无[效需须权]|除外|以外|例外|排除|忽略|跳过"
)
_NEGATES_EN = re.compile(
    r"\b(?:not(?! only)|never|cannot|without|except(?:ions?)?|exclud\w+|exempt\w*|prohibited|forbidden|unsupported"
    r"|disallowed)\b|n[’']t\b",
    re.IGNORECASE,
)


def negates(text: str) -> bool:
    """Whether a text says of something that it is not so, must not be, or is left out."""
    if _HAN.search(text):
        return _NEGATES_ZH.search(without_choice(text)) is not None
    return _NEGATES_EN.search(text) is not None
