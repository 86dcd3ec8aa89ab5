"""Numbers of workbooks as their formats show them.

Kept are leading zeros, decimals, percent signs, currencies, units, fractions, exponents and durations over a day. Left
out are thousands separators, which differ by place, and the order of day and month, which is ambiguous: dates read as
ISO 8601 does, but with 年月日 where the format has them.

Reference: ECMA-376 part 1, 18.8.30 (numFmt) and 18.8.31 (numFmts); its codes are those of XLS, XLSB and SpreadsheetML
2003 too.
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

_DATE, _TIME, _DATE_TIME = "yyyy-mm-dd", "hh:mm:ss", "yyyy-mm-dd hh:mm"
BUILT_IN: Final = {
    1: "0", 2: "0.00", 3: "0", 4: "0.00", 5: "0", 6: "0", 7: "0.00", 8: "0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00",
    12: "# ?/?", 13: "# ??/??", 22: _DATE_TIME, 37: "0;(0)", 38: "0;(0)", 39: "0.00;(0.00)", 40: "0.00;(0.00)",
    41: "0", 42: "0", 43: "0.00", 44: "0.00", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "0.0E+0", 49: "@",
    **dict.fromkeys((14, 15, 16, 17, *range(27, 32), 36, *range(50, 55), 57, 58), _DATE),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 55, 56), _TIME),
}  # fmt: skip
"""Codes of the formats that files name by number alone; their currencies depend on the reader's locale."""

_MAX_CODE_CHARS: Final = 255  # as Excel allows
_MAX_SIZE: Final = 1e21
_DAYS_TO_1904: Final = 1462
_MAX_DATE: Final = 2_958_466  # days: the first of the year 10000
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)(?:"|$)|[\\!](?P<escaped>.)|(?P<space>_)(?:.|$)|\*.|'
    r"\[(?:(?P<elapsed>h+|m+|s+)|\$(?P<currency>[^\]-]*)(?:-[^\]]*)?|(?P<limit>[<>=]+)(?P<than>-?[\d.]+)|[^\]]*)\]|"
    r"(?P<general>General)|(?P<half>AM/PM|A/P|上午/下午)|(?P<exponent>E[+-])|(?P<date>y+|m+|d+|h+|s+|e+|g+|b+|aaaa?)|"
    r"(?P<digit>[0#?])|(?P<point>\.)|(?P<comma>,)|(?P<percent>%)|(?P<slash>/)|(?P<text>@)|(?P<end>;)|(?P<other>.)",
    re.I | re.S,
)
_LITERAL = frozenset({"quoted", "escaped", "currency", "other"})
_COMPARE: Final = {
    "<": float.__lt__, ">": float.__gt__, "=": float.__eq__, "<=": float.__le__, ">=": float.__ge__, "<>": float.__ne__,
}  # fmt: skip
_DATES = frozenset({"date", "half", "elapsed"})
_SHAPES = frozenset({"digit", "point", "comma", "percent", "general", "text", "exponent", "slash"}) | _DATES
_SIMPLE = re.compile(r" *((?:#,##|#)?0(?:\.(0+))?)[ %]*")
_SCALING = re.compile(r"(?<=0),+(?![,0])(?=[^0]*$|\.)")
_HAN = re.compile(r"[年月日时時分秒]")
_CONTEXT: Final = Context(prec=300)  # more than a number below `_MAX_SIZE` and all decimals of a code have

_Token = tuple[str, str]
"""Kind by the groups of `_TOKEN`, and text."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of a code.

    Attributes:
        tokens: Its parts.
        limit: Comparison that a number must fulfil to be shown by it.
        is_date: Whether it shows a date, a time or a duration.
        simple: For the most frequent sections: text before, power of ten, decimals, text after.
    """

    tokens: tuple[_Token, ...]
    limit: tuple[str, float] | None
    is_date: bool
    simple: tuple[str, int, int, str] | None

    def takes(self, value: float) -> bool:
        return self.limit is None or _COMPARE[self.limit[0]](float(value), self.limit[1])


def plain(value: float) -> str:
    """A number without a format: all its digits except the noise of binary fractions (after the 15th)."""
    text = format(value, ".15g")
    if "e" in text and math.isfinite(value) and 1e-7 < abs(value) < 1e21:
        text = format(Decimal(text), "f")
    return text


def shown(value: float, code: str, *, is_1904: bool = False) -> str:
    """A number as its format shows it; without digits or words in the format, as it is.

    Args:
        value: The stored number; of dates and times, days.
        code: The code of the format, in the English form that files have.
        is_1904: Whether days are counted from 1904 and not from 1900.
    """
    if not abs(value) < _MAX_SIZE:  # what is no number either
        return plain(value)
    sections = _sections(code[:_MAX_CODE_CHARS])
    section, is_negative = _section_for(value, sections)
    if section.is_date:
        return _date_text(value, section.tokens, is_1904)
    if section.simple and (simple := _simple_text(value, is_negative, section.simple)):
        return simple
    text = _number_text(abs(value) if is_negative else value, section.tokens)
    return text if any(map(_says, text)) else plain(value)


def _says(character: str) -> bool:
    """Whether it is a letter, a figure, a tick or another symbol, and no mere dash."""
    return character.isalnum() or unicodedata.category(character) == "So" or character in "√×"


@lru_cache(maxsize=1024)
def _sections(code: str) -> tuple[_Section, ...]:
    sections: list[_Section] = []
    tokens: list[_Token] = []
    limit: tuple[str, float] | None = None
    for match in (*_TOKEN.finditer(code), None):
        kind = match.lastgroup if match else "end"
        if kind == "end":
            sections.append(
                _Section(tuple(tokens), limit, any(kind in _DATES for kind, _ in tokens), _simple(tokens))
            )
            tokens, limit = [], None
        elif match and kind == "than":
            if match["limit"] in _COMPARE and match["than"].count(".") < 2:
                limit = match["limit"], float(match["than"].rstrip(".") or 0)
        elif match and kind == "space":
            tokens.append(("other", " "))
        elif match and kind:
            tokens.append((kind, match[kind]))
    return tuple(sections)


def _simple(tokens: Sequence[_Token]) -> tuple[str, int, int, str] | None:
    """See `_Section.simple`: digits in one piece that are all shown, and not more than one before the point."""
    shape = "".join(text if kind in _SHAPES else " " for kind, text in tokens)
    found = _SIMPLE.fullmatch(shape)
    if found is None:
        return None
    first, last = found.span(1)
    before = "".join(text for _, text in tokens[:first])
    after = "".join(text for _, text in tokens[last:])
    return before.lstrip(), 2 * shape.count("%"), len(found[2] or ""), after.rstrip()


def _simple_text(value: float, is_negative: bool, simple: tuple[str, int, int, str]) -> str | None:
    """A number by a simple section; None near a half, which binary fractions would round to the wrong side."""
    before, power, places, after = simple
    size = abs(value) * 10**power
    steps = size * 10**places
    if steps > 1e14 or abs(steps % 1 - 0.5) < 1e-4 or ("-" in before and not value):
        return None
    sign = "-" if value < 0 and not is_negative and steps >= 0.5 else ""
    return f"{sign}{before}{size:.{places}f}{after}"


def _section_for(value: float, sections: Sequence[_Section]) -> tuple[_Section, bool]:
    """The section of a code that is meant for `value`, and whether it says by itself that the number is negative."""
    if len(sections) == 1:
        return sections[0], False
    numeric = sections[:3]
    if any(section.limit for section in numeric):
        found = next((section for section in numeric if section.takes(value)), numeric[-1])
        return found, False
    if value < 0 and len(numeric) > 1:
        return numeric[1], True
    if value == 0 and len(numeric) > 2:
        return numeric[2], False
    return numeric[0], False


def _number_text(value: float, tokens: Sequence[_Token]) -> str:
    """A number by its tokens; the minus sign stands in front."""
    kinds = [kind for kind, _ in tokens]
    if "general" in kinds or "text" in kinds or "digit" not in kinds:
        number = {"general": plain(value), "text": plain(value)}
        return "".join(text if kind in _LITERAL else number.get(kind, "") for kind, text in tokens).strip()
    first = kinds.index("digit")
    last = len(kinds) - 1 - kinds[::-1].index("digit")
    if "point" in kinds[:first]:
        first = kinds.index("point")
    size = Decimal(repr(float(value))).scaleb(2 * kinds.count("percent") - 3 * _scaling_commas(kinds))
    inner = tokens[first : last + 1]
    if "exponent" in kinds:
        number_text = _scientific(abs(size), inner)
    elif "slash" in kinds[first:]:
        last = max(last, len(kinds) - 1 if tokens[-1][1].isdigit() else last)
        number_text = _fraction(abs(size), tokens[first : last + 1])
    else:
        number_text = _decimal(abs(size), inner)
    sign = "-" if value < 0 and any(digit in number_text for digit in "123456789") else ""
    before = "".join(text for kind, text in tokens[:first] if kind in _LITERAL or kind == "percent")
    after = "".join(text for kind, text in tokens[last + 1 :] if kind in _LITERAL or kind == "percent")
    if "-" in before and not value:
        return plain(value)  # accounts show nothing as a dash
    return f"{sign}{before}{number_text}{after}".strip()


def _scaling_commas(kinds: Sequence[str]) -> int:
    """Commas after the last digit, or after the last one before the point: each stands for a division by a thousand."""
    shape = "".join({"digit": "0", "comma": ",", "point": "."}.get(kind, " ") for kind in kinds)
    return sum(len(found) for found in _SCALING.findall(shape))


def _rounded(size: Decimal, places: int) -> Decimal:
    return size.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _CONTEXT)


def _decimal(size: Decimal, tokens: Sequence[_Token]) -> str:
    point = next((place for place, (kind, _) in enumerate(tokens) if kind == "point"), len(tokens))
    fraction = [token for token in tokens[point:] if token[0] == "digit"]
    whole, _, decimals = format(_rounded(size, len(fraction)), "f").partition(".")
    least = sum(text == "0" for kind, text in tokens[:point] if kind == "digit")
    digits = list(whole.lstrip("0").zfill(least) if least else whole.lstrip("0"))
    parts: list[str] = []
    left = sum(kind == "digit" for kind, _ in tokens[:point])
    for kind, text in reversed(tokens[:point]):
        if kind == "digit":
            left -= 1
            # The leftmost place takes all digits that are left.
            parts.append("".join(digits) if not left else digits.pop() if digits else "")
        elif kind in _LITERAL and (digits or not parts):
            parts.append(text)
    ends = len(decimals)
    while ends and decimals[ends - 1] == "0" and fraction[ends - 1][1] != "0":
        ends -= 1
    return ("".join(reversed(parts)) or "0") + (f".{decimals[:ends]}" if ends else "")


def _scientific(size: Decimal, tokens: Sequence[_Token]) -> str:
    kinds = [kind for kind, _ in tokens]
    mantissa = kinds[: kinds.index("exponent")]
    places = mantissa[mantissa.index("point") :].count("digit") if "point" in mantissa else 0
    text, _, exponent = format(float(size), f".{places}E").partition("E")
    width = kinds[len(mantissa) :].count("digit")
    return f"{text}E{exponent[0]}{exponent[1:].lstrip('0').zfill(max(1, width))}"


def _fraction(size: Decimal, tokens: Sequence[_Token]) -> str:
    kinds = [kind for kind, _ in tokens]
    slash = kinds.index("slash")
    below = "".join(text for _, text in tokens[slash + 1 :]).strip()
    number = Fraction(size)
    if below.isdecimal() and int(below):
        parts = round(number * int(below))
        found, denominator = Fraction(parts, int(below)), int(below)
    else:
        found = number.limit_denominator(10 ** min(4, max(1, len(below))) - 1)
        denominator = found.denominator
    has_whole = "other" in kinds[:slash]
    whole = int(found) if has_whole else 0
    numerator = int((found - whole) * denominator)
    if not numerator:
        return str(whole)
    return f"{whole} {numerator}/{denominator}" if whole else f"{numerator}/{denominator}"


@lru_cache(maxsize=8192)  # days repeat
def _date_text(days: float, tokens: tuple[_Token, ...], is_1904: bool) -> str:
    """A date, a time or a duration; days that are none read as a number."""
    places = _seconds_places(tokens)
    if any(kind == "elapsed" for kind, _ in tokens):
        return _duration(days, tokens, places)
    days += _DAYS_TO_1904 * is_1904
    if not 0 <= days < _MAX_DATE:
        return plain(days)
    # Days before March 1900 are counted as if that year had been a leap year.
    start = datetime(1899, 12, 31) if days < 60 else datetime(1899, 12, 30)
    moment = start + timedelta(seconds=round(days * 86_400, places))
    roles = _roles(tokens)
    has_date = any(role in {"year", "month", "day", "weekday"} for role in roles)
    fraction = f".{moment.microsecond:06d}"[: places + 1] if places else ""
    clock = f"{moment:%H:%M:%S}{fraction}"
    if has_date and any(kind in _LITERAL and _HAN.search(text) for kind, text in tokens):
        return _with_han(moment, tokens, roles)
    if not has_date:
        return clock
    day = f"{moment.year:04d}-{moment:%m-%d}"
    return day if moment.time() == datetime.min.time() else f"{day} {clock}"


def _seconds_places(tokens: Sequence[_Token]) -> int:
    """Digits after the point that a format shows of seconds, at most six."""
    kinds = [kind for kind, _ in tokens]
    return min(6, kinds[kinds.index("point") :].count("digit")) if "point" in kinds else 0


def _roles(tokens: Sequence[_Token]) -> list[str]:
    """Role of each token; m stands for minutes after hours and before seconds, else for months."""
    letters = [
        (place, text[0].lower()) for place, (kind, text) in enumerate(tokens) if kind in {"date", "elapsed"}
    ]
    roles = [""] * len(tokens)
    names = {"y": "year", "e": "year", "d": "day", "a": "weekday", "h": "hour", "s": "second"}
    for at, (place, letter) in enumerate(letters):
        if letter == "m":
            beside = (letters[at - 1][1] if at else "", letters[at + 1][1] if at + 1 < len(letters) else "")
            roles[place] = "minute" if beside[0] == "h" or beside[1] == "s" else "month"
        else:
            is_weekday = letter == "d" and len(tokens[place][1]) > 2
            roles[place] = "weekday" if is_weekday else names.get(letter, "")
    return roles


def _with_han(moment: datetime, tokens: Sequence[_Token], roles: Sequence[str]) -> str:
    parts: list[str] = []
    for (kind, text), role in zip(tokens, roles, strict=True):
        if role == "weekday":
            parts.append(("" if text.lower() == "aaa" else "星期") + "一二三四五六日"[moment.weekday()])
        elif role:
            number = str(getattr(moment, role))
            parts.append(number if role == "year" else number.zfill(min(2, len(text))))
        elif kind in _LITERAL or kind == "slash":
            parts.append(text)
    return "".join(parts).strip()


def _duration(days: float, tokens: Sequence[_Token], places: int) -> str:
    """Time that has passed; the unit in brackets takes all that is larger."""
    seconds = Decimal(repr(abs(days) * 86_400)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _CONTEXT)
    units = {"hour": 3600, "minute": 60, "second": 1}
    parts: list[str] = []
    roles = _roles(tokens)
    for (kind, text), role in zip(tokens, roles, strict=True):
        if kind == "elapsed":
            role = {"h": "hour", "m": "minute", "s": "second"}[text[0].lower()]
        if role in units:
            amount = int(seconds // units[role]) if kind == "elapsed" else int(seconds // units[role]) % 60
            parts.append(str(amount).zfill(len(text)))
            if role == "second" and places:
                parts.append("." + str(int(seconds % 1 * 10**places)).zfill(places))
        elif kind in _LITERAL:
            parts.append(text)
    return ("-" if days < 0 and seconds else "") + "".join(parts).strip()
