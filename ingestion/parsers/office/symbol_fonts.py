"""Characters of the fonts of symbols (Symbol, Wingdings, Webdings) in Unicode.

In these fonts, a code stands for another character than in Unicode: Wingdings shows 0xFE as a ticked box. All of
Symbol is known here (it holds Greek and mathematics), of the others the boxes, ticks, arrows, figures and stars.
"""

import re
from typing import Final

_MARKS: Final = frozenset("☐☑☒✓✔✗✖")
_SYMBOL: Final = dict(
    zip(
        (*range(0x20, 0x7F), *range(0xA0, 0xE6), 0xF1, 0xF2),
        " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼"
        "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…|—↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑"
        "〉∫",
        strict=True,
    )
)


def _table(*runs: tuple[int, str]) -> dict[int, str]:
    """Characters by code; each run starts at its code."""
    return {first + place: text for first, run in runs for place, text in enumerate(run)} | {0x20: " "}


_FONTS: Final = {
    "symbol": _SYMBOL,
    "symbol mt": _SYMBOL,
    "wingdings": _table(
        (0x21, "✏✂✁"), (0x28, "☎✆✉"), (0x36, "⌛⌨"), (0x3F, "✍"), (0x41, "✌👌👍👎☜☞☝☟"), (0x4A, "☺😐☹💣☠"),
        (0x51, "✈☼💧❄"), (0x58, "✠✡☪☯"), (0x5E, "♈♉♊♋♌♍♎♏♐♑♒♓&&"), (0x6C, "●❍■☐☐☐☐◆◆◆❖◆☒"),
        (0x80, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"), (0x9E, "·•▪○○○◉◎"), (0xA7, "▪☐"), (0xAA, "✦★✶✴✹✵"),
        (0xD8, "➢"), (0xDC, "➲"), (0xDF, "←→↑↓↖↗↙↘←→↑↓↖↗↙↘⇦⇨⇧⇩⇔⇳"), (0xFB, "✗✓☒☑"),
    ),
    "wingdings 2": _table(
        (0x2A, "☐"), (0x4F, "✗✓☒☑☒☒"), (0x69, "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿"), (0x97, "•●"), (0xA2, "■☐☐"),
    ),
    "wingdings 3": _table((0x21, "←→↑↓↖↗↙↘"), (0x66, "←→↑↓↖↗↙↘"), (0x70, "▲▼△▽◀▶")),
    "webdings": _table((0x34, "▶▲▼"), (0x61, "✔"), (0x63, "☐"), (0x67, "■"), (0x6E, "●"), (0x72, "✖"), (0x78, "☒")),
}  # fmt: skip
_CODED: Final = re.compile("[\uf000-\uf0ff]")
_PRIVATE: Final = 0xF000  # files move the codes here, where Unicode has no characters of its own


def is_symbol_font(font: str) -> bool:
    """Whether the characters of a font are known to be others than Unicode's."""
    return bool(font) and font.strip().lower() in _FONTS


def symbol(code: int, font: str) -> str:
    """The character that a font shows for a code; "" if it isn't known."""
    return _FONTS.get(font.strip().lower(), {}).get(code - _PRIVATE if code >= _PRIVATE else code, "")


def without_font(text: str, font: str) -> str:
    """Text as a font of symbols shows it; text in other fonts stays, but for codes that no font is known for."""
    if not is_symbol_font(font) and not _CODED.search(text):
        return text
    return "".join(symbol(ord(char), font) if _is_coded(char, font) else char for char in text)


def without_fonts(text: str, font: str, symbols: str) -> str:
    """Text in a font; codes that only a symbol font has are read in the font `symbols`, if any."""
    return (
        without_font(text, font)
        if is_symbol_font(font)
        else _CODED.sub(lambda code: without_font(code[0], symbols), text)
    )


def _is_coded(char: str, font: str) -> bool:
    return _PRIVATE <= ord(char) < _PRIVATE + 0x100 or (ord(char) < 0x100 and is_symbol_font(font))


def is_mark(text: str) -> bool:
    """Whether a text is a box or tick, which says more than a bullet."""
    return text in _MARKS
