"""Bodies of Outlook items in RTF: unpacked ([MS-OXRTFCP]), then the HTML inside them ([MS-OXRTFEX]), or their text.

Files in RTF are not read here: they have tables, lists and headings, and go through LibreOffice.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

_FIRST_WORDS: Final = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW: Final = 4096
_PACKED, _PLAIN = b"LZFu", b"MELA"
_TOKEN: Final = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\", re.S
)
_MARKS: Final = {
    "par": "\n", "line": "\n", "sect": "\n", "page": "\n", "row": "\n", "tab": "\t", "cell": "\t", "emdash": "—",
    "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
}  # fmt: skip
_SYMBOLS: Final = {b"~": "\xa0", b"_": "-", b"\n": "\n", b"\r": "\n", b"{": "{", b"}": "}", b"\\": "\\"}
_LEFT_OUT: Final = frozenset({
    "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "headerl", "headerr", "footerl", "footerr",
    "ftnsep", "listtable", "listoverridetable", "generator", "themedata", "datastore", "xmlnstbl", "fldinst", "revtbl",
    "rsidtbl",
})  # fmt: skip
_CODECS: Final = {
    128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254", 163: "cp1258",
    177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip


def unpacked(data: bytes) -> bytes:
    """The RTF of a packed body.

    Raises:
        ValueError: If it is packed in a way that is not known.
        struct.error: If it is cut off.
    """
    size, raw_size, kind = struct.unpack_from("<II4s", data)
    content = data[16 : size + 4]
    if kind == _PLAIN:
        return content[:raw_size]
    if kind != _PACKED:
        raise ValueError("the body is packed in an unknown way")
    window = bytearray(_FIRST_WORDS.ljust(_WINDOW, b" "))
    place, at, out = len(_FIRST_WORDS), 0, bytearray()
    while at < len(content):
        flags, at = content[at], at + 1
        for bit in range(8):
            if at >= len(content):
                break
            if not flags >> bit & 1:
                run, at = content[at : at + 1], at + 1
            else:
                (token,) = struct.unpack_from(">H", content, at)
                start, at = token >> 4, at + 2
                if start == place % _WINDOW:
                    return bytes(out)
                run = _repeated(window, start, (token & 15) + 2, place)
            for byte in run:
                window[place % _WINDOW] = byte
                place += 1
            out += run
    return bytes(out)


def _repeated(window: bytearray, start: int, count: int, place: int) -> bytes:
    """Bytes of the window; a run may reach into its own output."""
    span = (place - start) % _WINDOW
    return bytes(window[(start + i % span) % _WINDOW] for i in range(count))


@dataclass(slots=True)
class _State:
    """State of one group."""

    left_out: bool = False
    is_tag: bool = False
    in_fonts: bool = False
    is_optional: bool = False
    for_rtf_alone: bool = False
    fallback: int = 1
    codec: str = ""


@dataclass(slots=True)
class _Reader:
    is_html: bool = False
    codec: str = "cp1252"
    state: _State = field(default_factory=_State)
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    skip: int = 0
    parts: list[str] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    stack: list[_State] = field(default_factory=list)

    def say(self, text: str) -> None:
        if self._is_shown():
            self.flush()
            self.parts.append(text)

    def say_bytes(self, data: bytes) -> None:
        used, self.skip = min(self.skip, len(data)), max(0, self.skip - len(data))
        if self._is_shown():
            self.raw += data[used:]

    def flush(self) -> None:
        if self.raw:
            self.parts.append(self.raw.decode(self.state.codec or self.codec, "replace"))
            self.raw.clear()

    def _is_shown(self) -> bool:
        state = self.state
        return not (state.left_out or state.in_fonts or (self.is_html and state.for_rtf_alone))

    def brace(self, mark: bytes) -> None:
        self.flush()
        self.skip = 0
        if mark == b"{":
            self.stack.append(self.state)
            self.state = replace(self.state, is_optional=False)
        elif self.stack:
            self.state = self.stack.pop()

    def word(self, name: str, number: int | None) -> None:
        state = self.state
        if name in _MARKS:
            self.say(_MARKS[name] if not self.is_html or state.is_tag or name != "cell" else "")
        elif name == "u" and number is not None:
            self.say(chr(number & 0xFFFF))
            self.skip = state.fallback
        elif name == "uc":
            state.fallback = max(0, min(number or 0, 8))
        elif name == "htmlrtf":
            self.flush()
            state.for_rtf_alone = number != 0
        elif name == "fromhtml":
            self.is_html = True
        elif name in {"f", "fcharset", "ansicpg"} and number is not None:
            self._encoding(name, number)
        elif name == "fonttbl":
            state.in_fonts = True
        elif name == "htmltag" and self.is_html:
            state.is_tag, state.left_out = True, False
        elif name in _LEFT_OUT or state.is_optional:
            state.left_out = True
        state.is_optional = False

    def _encoding(self, name: str, number: int) -> None:
        self.flush()
        if name == "ansicpg":
            self.codec = known_codec(f"cp{number}") or self.codec
        elif name == "f" and not self.state.in_fonts:
            self.state.codec = self.fonts.get(number, "")
        elif name == "f":
            self.font = number
        elif number in _CODECS:
            self.fonts[self.font] = _CODECS[number]


def text_of(rtf: bytes) -> tuple[str, bool]:
    """Text of an RTF document.

    Returns:
        Its text, or the HTML that it was made of; and whether that is HTML.
    """
    reader = _Reader()
    for word, number, escaped, symbol, brace, plain in _tokens(rtf):
        if word:
            reader.word(word.decode(), int(number) if number else None)
        elif brace:
            reader.brace(brace)
        elif symbol == b"*":
            reader.state.is_optional = True
        elif symbol:
            reader.say(_SYMBOLS.get(symbol, ""))
        elif escaped or plain:
            reader.say_bytes(bytes.fromhex(escaped.decode()) if escaped else plain)
    reader.flush()
    # characters beyond the first plane come as two
    joined = "".join(reader.parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return joined, reader.is_html


def _tokens(rtf: bytes) -> Iterator[tuple[bytes, ...]]:
    at = 0
    while found := _TOKEN.match(rtf, at):
        at = found.end()
        if found[1] == b"bin":  # so many bytes that are no RTF
            at += max(0, int(found[2] or 0))
        else:
            yield tuple(part or b"" for part in found.groups())


def known_codec(codec: str) -> str:
    """The name of a codec, or nothing where Python has none of that name."""
    try:
        b"".decode(codec)
    except LookupError:
        return ""
    return codec
