"""The two sides of a comparison: how they are named, and how much of each a text holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from generator.composing.terms import terms_of

Held = Callable[[str, int], float]
"""How much of a side (0 or 1) a text holds, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Two things that are compared.

    Attributes:
        names: Without what they are about: 居民个人 of 个税上居民个人, CephFS of 覆盖写的时候 CephFS.
        in_what: In what they are compared; empty where their difference is asked for as such.
        held: How much of a side a text holds.
    """

    names: tuple[str, str]
    in_what: str
    held: Held


def sides_of(sides: Sequence[str]) -> Sides | None:
    """Two sides as a question names them; None where there are no two that differ.

    A side stands in a text as it is named, or by the terms that only it has: names in Latin letters where both have
    one, single characters where both are Chinese, since texts say it in longer words.
    """
    if len(sides) != 2:
        return None
    raw = (sides[0].lower().strip(), sides[1].lower().strip())
    bare, in_what = _bare(raw)
    for names in (_heads(bare), bare, raw):
        only = _what_differs(names)
        contained = (names[0] in names[1], names[1] in names[0])
        if all(only) or any(contained):
            return Sides(names, in_what, _holder(names, only, contained))
    return None


def _holder(names: tuple[str, str], only: Sequence[set[str]], contained: tuple[bool, bool]) -> Held:
    def held(text: str, side: int) -> float:
        low = text.lower()
        if contained[side]:
            return float(names[side] in low.replace(names[1 - side], " "))
        if names[side] in low or not only[side]:
            return float(names[side] in low)
        own = terms_of(text)
        return sum(term in own or _stands_bare(term, low) for term in only[side]) / len(only[side])

    return held


def _bare(raw: tuple[str, str]) -> tuple[tuple[str, str], str]:
    """Sides without the words before the first and behind the second, and the words behind the second."""
    first = _ABOUT.sub("", re.split("[，,]", raw[0])[-1].strip()) or raw[0]
    second, _, behind = raw[1].partition("，")
    cut = _IN_WHAT.search(second)
    name = second[: cut.start()].strip() if cut else second.strip()
    latin = [_LATIN.findall(side) for side in (first, name)]
    if all(len(found) == 1 for found in latin) and latin[0] != latin[1] and _HAN.search(first + name):
        first, name = latin[0][0], latin[1][0]
    return (first, name or second), behind.strip() or (cut[0].strip() if cut else "")


def _heads(names: tuple[str, str]) -> tuple[str, str]:
    """The first side by its head: 口头协议 of 人民调解达成的口头协议."""
    head = names[0].rpartition("的")[2].strip()
    return (head, names[1]) if len(head) > 1 else names


def _what_differs(sides: Sequence[str]) -> list[set[str]]:
    """Terms that only one side has."""
    latin = [set(_LATIN.findall(side)) for side in sides]
    if all(latin) and latin[0] != latin[1] and any(_HAN.search(side) for side in sides):
        terms = latin
    elif all(_HAN.search(side) and not _LATIN.search(side) for side in sides):
        terms = [{*re.findall(r"\d+|[\u4e00-\u9fff]", side)} for side in sides]
    else:
        terms = [set(terms_of(side)) or set(side.split()) for side in sides]
    return [terms[0] - terms[1], terms[1] - terms[0]]


def _stands_bare(term: str, text: str) -> bool:
    """Whether a text holds a term that is none of its own: a single character, or a name like "list"."""
    if len(term) == 1 and not term.isascii():
        return term in text
    return re.search(rf"(?<![a-z0-9]){re.escape(term)}", text) is not None


_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[a-z][a-z0-9.+\-_/]*")
_ABOUT = re.compile(
    r"^.{1,14}?(?:上(?![诉市级传述班])|里(?!程)|中(?![国央止断])|方面|的时候|时候?)[，, ]?(?=[\u4e00-\u9fffa-z]{2})"
)
_IN_WHAT = re.compile(r"(?:的[\u4e00-\u9fff]{1,6}| ?[\u4e00-\u9fff]{0,2}的?时候?)$")
