"""Bytes to text: find the character encoding, or say that none fits.

Order: byte-order mark, UTF-16 without one, strict UTF-8, then the old Chinese encodings. GB18030 and Big5 share most
of their byte space, so that both often decode without an error; the reading with more of the language's commonest
characters wins (real text has 25-50 % of them, a wrong reading 1-5 %).
"""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

import charset_normalizer

from ingestion.alphabets import latin_encoding
from ingestion.errors import UndecodableError

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# The commonest characters of running Chinese text, simplified and traditional.
_COMMON_HAN = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然"
    "家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长"
    "把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制"
    "身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气"
    "题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便"
    "空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格"
    "這個們來為國說時會對過發後裡種經麼現動還進樣開從實軍無與長機關點業將兩間問應戰頭體產話門東聲員論處義幾認條"
    "氣題爾總電數報結務場計資許統區隊決馬書聽卻達強難權設記類據邊張該規萬據與於並"
)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_KANA = re.compile(r"[\u3041-\u30ff]")
_HALF_WIDTH_KANA = re.compile(r"[\uff61-\uff9f]")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\x80-\x9f\ue000-\uf8ff]")
_SAMPLE_BYTES = 200_000
_MAX_REPLACED_SHARE = 0.05
_MIN_UTF16_SCORE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text and how it was read; `replaced` counts characters that could not be read (now U+FFFD)."""

    text: str
    encoding: str
    replaced: int = 0


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode the bytes of a text file.

    Args:
        data: The bytes of the file.
        declared: Encoding the file says it has (an HTML `meta`), tried after UTF-8.

    Raises:
        UndecodableError: If no encoding fits, or more than 5 % of the characters would be lost.
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            return _tolerant(data.removeprefix(codecs.BOM_UTF8), name)
    wide = _utf16_without_bom(data)
    if wide is not None:
        return _tolerant(data, wide)
    try:
        return Decoded(text=data.decode("utf-8"), encoding="utf-8")
    except UnicodeDecodeError:
        pass
    legacy = _legacy_encoding(data, declared)
    share = _valid_utf8_share(data)
    if legacy is None or share > 0.9 or (share > 0.5 and not _can_decode(data, legacy)):
        return _mixed(data)
    return _tolerant(data, legacy)


def _tolerant(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, errors="replace")
    return _checked(text, encoding, text.count("\ufffd"))


def _checked(text: str, encoding: str, replaced: int) -> Decoded:
    if replaced > 1 and replaced > _MAX_REPLACED_SHARE * len(text):
        raise UndecodableError(
            f"The characters can't be read: as {encoding}, {replaced} of {len(text)} are not valid."
        )
    return Decoded(text=text, encoding=encoding, replaced=replaced)


def _utf16_without_bom(data: bytes) -> str | None:
    """UTF-16 holds zero bytes, and read the right way round it is ASCII and the commonest Han characters."""
    sample = data[: _SAMPLE_BYTES // 2 * 2]
    if len(sample) < 4 or len(data) % 2 or 0 not in sample:
        return None
    scores = []
    for name in ("utf-16-le", "utf-16-be"):
        text = sample.decode(name, errors="replace")
        known = sum(
            "\x20" <= character < "\x7f"
            or character in "\t\r\n，。、：；（）《》"
            or character in _COMMON_HAN
            for character in text
        )
        scores.append(((known - text.count("\x00")) / len(text), name))
    score, name = max(scores)
    return name if score > _MIN_UTF16_SCORE else None


def _valid_utf8_share(data: bytes) -> float:
    """Share of the non-ASCII bytes that belong to well-formed UTF-8."""
    sample = data[:_SAMPLE_BYTES]
    high = sum(byte > 127 for byte in sample)
    kept = sample.decode("utf-8", errors="ignore").encode("utf-8")
    return sum(byte > 127 for byte in kept) / high if high else 1.0


def _score_chinese(text: str) -> float:
    """Share of the commonest characters among the Han characters, less a penalty for control characters."""
    han = _HAN.findall(text)
    if not han:
        return 0.0
    strange = len(_CONTROL.findall(text)) + text.count("\ufffd")
    return sum(character in _COMMON_HAN for character in han) / len(han) - 3 * strange / len(text)


def _score_japanese(text: str) -> float:
    """Share of kana and Han, less half-width kana, which Chinese bytes decode to in Japanese encodings."""
    letters = sum(character > "\u0250" for character in text)
    wrong = len(_HALF_WIDTH_KANA.findall(text)) / max(1, letters)
    return max(0.4 * len(_KANA.findall(text)) / max(1, letters), 0.8 * _score_chinese(text)) - wrong


def _score_korean(text: str) -> float:
    letters = sum(character > "\u0250" for character in text)
    strange = len(_CONTROL.findall(text)) + text.count("\ufffd")
    return 0.4 * len(_HANGUL.findall(text)) / max(1, letters) - 3 * strange / max(1, len(text))


# Encoding to test with, its score, and the encoding to read with (a superset). euc_kr has only the syllables in use;
# its superset makes Hangul of nearly any bytes.
_LEGACY: tuple[tuple[str, Callable[[str], float], str], ...] = (
    ("gb18030", _score_chinese, "gb18030"),
    ("big5hkscs", _score_chinese, "big5hkscs"),
    ("cp932", _score_japanese, "cp932"),
    ("euc_jp", _score_japanese, "euc_jp"),
    ("euc_kr", _score_korean, "cp949"),
)
_BELIEVABLE_SCORE = 0.12


def _legacy_encoding(data: bytes, declared: str | None) -> str | None:
    sample = data[:_SAMPLE_BYTES]
    scored = []
    for encoding, score, superset in _LEGACY:
        text = sample.decode(encoding, errors="replace")
        if text.count("\ufffd") <= 1 + 0.01 * len(text):
            scored.append((score(text), superset))
    best_score, best = max(scored, default=(0.0, None))
    if best_score >= _BELIEVABLE_SCORE:
        return best
    if declared is not None and _can_decode(sample, declared):
        return declared
    latin = latin_encoding(sample)
    if latin is not None and _can_decode(data, latin):
        return latin
    if _looks_western(sample):
        return "cp1252" if _can_decode(data, "cp1252") else "latin-1"
    if sum(byte > 127 for byte in sample) < 24:
        # A name or two of Han characters holds too few common ones to be told by them.
        return next((name for name, *_ in _LEGACY if _can_decode(sample, name)), None)
    guess = charset_normalizer.from_bytes(sample).best()
    return None if guess is None or guess.encoding in {"utf_8", "ascii"} else guess.encoding


def _can_decode(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _looks_western(sample: bytes) -> bool:
    """A few accented letters, each beside an ASCII letter, and no C1 control."""
    high = [match.start() for match in re.finditer(rb"[\x80-\xff]", sample)]
    lonely = re.findall(rb"(?<![\x80-\xff])[\x80-\xff](?=[a-zA-Z\s.,;:!?'\")]|$)", sample)
    return 0 < len(high) < 0.3 * len(sample) and len(lonely) > 0.7 * len(high)


def _mixed(data: bytes) -> Decoded:
    """Decode mostly-UTF-8 text line by line; bytes that stay unreadable are replaced and counted."""
    lines: list[str] = []
    replaced = 0
    others: set[str] = set()
    for line in data.split(b"\n"):
        try:
            lines.append(line.decode("utf-8"))
            continue
        except UnicodeDecodeError:
            encoding = _legacy_encoding(line, None) if _valid_utf8_share(line) < 0.5 else None
        if encoding is not None:
            others.add(encoding)
        text = line.decode(encoding or "utf-8", errors="replace")
        replaced += text.count("\ufffd")
        lines.append(text)
    return _checked("\n".join(lines), "+".join(["utf-8", *sorted(others)]), replaced)
