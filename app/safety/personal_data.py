"""Personal data found by form, and by check digit where the kind has one (python-stdnum); Chinese and English kinds.

A kind without a check digit needs more than digits: a passport is one where the text says so nearby. So is a number of
the National Health Service, whose check digit one in eleven telephone numbers has too.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from stdnum import iban, luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError
from stdnum.gb import nhs
from stdnum.us import itin, ssn

from app.safety.rescan import Rescan
from app.safety.types import Level, Match, Scan

LONGEST = 320
"""Most characters of anything found; an e-mail address is the longest."""
CUE_WITHIN = 24
"""Characters in front of a number that may name its kind: a passport's, the health service's."""
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_PASSPORT_CUE = re.compile(r"passport|护照|護照", re.IGNORECASE)
_NHS_CUE = re.compile(r"\bNHS\b")
_CARDS = re.compile(r"3[47]|4|5[1-5]|2[2-7]|6")
"""First digits of American Express, Visa, Mastercard, and UnionPay with its like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of personal data: its form, and the check that excludes other texts of that form."""

    name: str
    form: re.Pattern[str]
    is_one: Callable[[re.Match[str]], bool]


def _form(pattern: str) -> re.Pattern[str]:
    """A form that letters and digits do not touch at either end."""
    return re.compile(rf"(?<![0-9A-Za-z])(?:{pattern})(?![0-9A-Za-z])", re.ASCII)


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdecimal())


def _is_chinese_id(found: re.Match[str]) -> bool:
    number = found[0].upper()
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return ric.calc_check_digit(number) == number[-1]


def _is_card(found: re.Match[str]) -> bool:
    number = _digits(found[0])
    return 13 <= len(number) <= 19 and _CARDS.match(number) is not None and luhn.is_valid(number)


def _is_phone(found: re.Match[str]) -> bool:
    return 8 <= len(_digits(found[0])) <= 15


def _is_address(found: re.Match[str]) -> bool:
    try:
        ipaddress.ip_address(found[0])
    except ValueError:
        return False
    return True


def _follows(cue: re.Pattern[str], found: re.Match[str]) -> bool:
    before = found.string[max(0, found.start() - CUE_WITHIN) : found.start()]
    return cue.search(before) is not None


def _is_nhs_number(found: re.Match[str]) -> bool:
    return _follows(_NHS_CUE, found) and nhs.is_valid(found[0])


def _is_hong_kong_id(found: re.Match[str]) -> bool:
    """Whether the check digit of the Immigration Department's scheme holds: weights 9 to 1, a missing letter is 36."""
    shown = [character for character in found[0] if character.isalnum()]
    values = [int(character, 36) for character in shown]
    weighted = zip(range(9, 0, -1), [36] * (9 - len(values)) + values, strict=True)
    return sum(weight * value for weight, value in weighted) % 11 == 0


KINDS: tuple[Kind, ...] = (
    Kind(name="cn_id", form=_form(r"[1-9]\d{16}[\dXx]"), is_one=_is_chinese_id),
    Kind(
        name="cn_mobile",
        form=_form(r"(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}"),
        is_one=lambda _: True,
    ),
    Kind(name="bank_card", form=_form(r"\d(?:[ -]?\d){12,18}"), is_one=_is_card),
    Kind(
        name="cn_credit_code",
        form=_form(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}"),
        is_one=lambda found: uscc.is_valid(found[0]),
    ),
    Kind(
        name="passport",
        form=_form(r"[A-Za-z]{1,2}\d{7,8}|\d{9}"),
        is_one=lambda found: _follows(_PASSPORT_CUE, found),
    ),
    Kind(
        name="email",
        form=_form(
            r"[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}"
        ),
        is_one=lambda _: True,
    ),
    Kind(name="uk_nhs", form=_form(r"\d{3}[ -]?\d{3}[ -]?\d{4}"), is_one=_is_nhs_number),
    Kind(
        name="phone",
        form=_form(
            r"(?<!\+)\+[1-9](?:[ ().-]{0,2}\d){7,14}|(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}|0\d{2,3}-\d{7,8}"
        ),
        is_one=_is_phone,
    ),
    Kind(name="hk_id", form=_form(r"[A-Z]{1,2}\d{6} ?\([0-9A]\)"), is_one=_is_hong_kong_id),
    Kind(
        name="uk_nino",
        form=_form(
            r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
        ),
        is_one=lambda _: True,
    ),
    Kind(name="us_itin", form=_form(r"9\d{2}-\d{2}-\d{4}"), is_one=lambda found: itin.is_valid(found[0])),
    Kind(name="us_ssn", form=_form(r"\d{3}-\d{2}-\d{4}"), is_one=lambda found: ssn.is_valid(found[0])),
    Kind(
        name="iban",
        form=_form(r"[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9A-Z]{1,3})?"),
        is_one=lambda found: iban.is_valid(found[0], check_country=False),
    ),
    Kind(
        name="ip_address",
        form=re.compile(r"(?<![0-9A-Za-z.])\d{1,3}(?:\.\d{1,3}){3}(?![0-9A-Za-z]|\.\d)", re.ASCII),
        is_one=_is_address,
    ),
    Kind(
        name="ip_address",
        form=re.compile(
            r"(?<![0-9A-Za-z.:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])", re.ASCII
        ),
        is_one=lambda found: found[0].strip(":") != "" and _is_address(found),
    ),
)
_WORD_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz@._%+:-"
_ENDS = f"{_WORD_SIGNS} ()"
"""Last characters of a text that may become one of the kinds."""
_OPEN_NUMBERS = (
    re.compile(r"[+(]?\d[\d() .-]{0,40}$", re.ASCII),
    re.compile(r"[A-Z]{2}\d{2}(?: ?[0-9A-Z]{1,4}){0,8} ?$", re.ASCII),
    re.compile(r"(?:\(\d{0,3}|\+)$", re.ASCII),
    re.compile(r"(?<![0-9A-Za-z])[A-Z]{1,2}(?: ?\d{1,2}){0,3} ?(?:\([0-9A]?)?$", re.ASCII),
)
"""Ends of a text that may become one of the kinds: digits in groups, an account in groups."""
_OPEN_LETTERS = re.compile(r"(?<![0-9A-Za-z])[A-Z]{1,2} ?$", re.ASCII)
"""The last of them, where there is no digit and no bracket."""
_IN_OPEN_NUMBERS: Final = 64
"""Characters that the longest of them has, at most."""
_NUMERIC = re.compile(r"[\d(+]", re.ASCII)
_HELD = re.compile(r"[\d@:]")
"""Something of the kind stands in everything found."""


class PersonalData:
    """Finds personal data of all kinds."""

    @property
    def levels(self) -> frozenset[Level]:
        """Levels of its matches."""
        return frozenset(("mask",))

    def find(self, text: str) -> Sequence[Match]:
        """All personal data in a text; of matches that overlap, the first kind in the order of `KINDS`.

        Args:
            text: Any text.
        """
        taken: list[Match] = []
        for match in _found(text.translate(_NARROW)):
            if not any(match.start < other.end and other.start < match.end for other in taken):
                taken.append(match)
        return sorted(taken, key=lambda match: match.start)

    def open_from(self, text: str) -> int:
        """First position of the end of `text` that may become personal data when more text follows."""
        if text[-1:].translate(_NARROW) not in _ENDS:
            return len(text)
        at = max(0, len(text) - LONGEST)
        tail = text[at:].translate(_NARROW)
        first, near = len(tail.rstrip(_WORD_SIGNS)), max(0, len(tail) - _IN_OPEN_NUMBERS)
        if _NUMERIC.search(tail, near):
            found = [match.start() for form in _OPEN_NUMBERS if (match := form.search(tail)) is not None]
            first = min([first, *found])
        elif (letters := _OPEN_LETTERS.search(tail, max(0, len(tail) - 4))) is not None:
            first = min(first, letters.start())
        return at + first

    def scan(self) -> Scan:
        """Start a text that arrives in pieces."""
        return Rescan(self)


def _found(text: str) -> Iterator[Match]:
    if _HELD.search(text) is None:
        return
    for kind in KINDS:
        for found in kind.form.finditer(text):
            if kind.is_one(found):
                yield Match(start=found.start(), end=found.end(), level="mask", source=kind.name)


def redacted(text: str) -> str:
    """A text with the kind in the place of personal data, as in "[email]": for logs, where positions mean nothing."""
    for match in reversed(PersonalData().find(text)):
        text = f"{text[: match.start]}[{match.source}]{text[match.end :]}"
    return text
