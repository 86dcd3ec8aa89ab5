"""Subtitles (SubRip and WebVTT): the spoken text in sentences; times and styles are left out and counted."""

import html
import re
from typing import Final

from ingestion.canonical import CanonicalWriter, clean_lines
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError
from ingestion.sniff import SUBTITLES
from ingestion.types import Document, Source

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
_TIMES = re.compile(rf"[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}(?:[ \t][^\n]*)?")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?[ \t]+([^<>]{1,100})>")
_MARKS = re.compile(r"</?[A-Za-z][^<>]{0,200}>|<\d[\d:.]{0,20}>|\{\\[^{}]{0,200}\}")
_WIDE = re.compile(r"[\u2e80-\u9fff\uff00-\uffef]")
_SENTENCE_ENDS: Final = (".", "!", "?", "…", "。", "！", "？", '"', "”", "」", ")", "）", "♪")
_PAUSE_S: Final = 4.0
_PARAGRAPH_CHARS: Final = 400
_MOST_CHARS: Final = 2_000


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read subtitles; a long pause, or the end of a sentence after some lines, begins a new paragraph.

    Raises:
        CorruptFileError: If no line with times is in it.
    """
    decoded = decode(source.data)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    text, end_s, last = "", 0.0, ""
    count = 0
    for cue in _BLANK_LINE.split(clean_lines(decoded.text)):
        lines = cue.strip("\n").split("\n")
        at = next((number for number, line in enumerate(lines[:2]) if "-->" in line), None)
        times = None if at is None else _TIMES.fullmatch(lines[at])
        if at is None or times is None:
            writer.drop(
                "notes and styles of subtitles", int(count > 0 or not cue.strip().startswith("WEBVTT"))
            )
            continue
        count += 1
        if text and (_seconds(times.group(1, 2, 3, 4)) - end_s > _PAUSE_S or _is_long(text)):
            writer.paragraph(text)
            text = ""
        end_s = _seconds(times.group(5, 6, 7, 8))
        for line in map(_plain, lines[at + 1 :]):
            if line and line != last:  # what scrolls is written in two cues
                text += ("" if not text or (_WIDE.match(text[-1]) and _WIDE.match(line)) else " ") + line
                last = line
    if not count:
        raise CorruptFileError("The file has no times of subtitles.")
    writer.paragraph(text)
    writer.drop("times of subtitles", count)
    return writer.build(media_type=SUBTITLES, encoding=decoded.encoding)


def _is_long(text: str) -> bool:
    return len(text) > _MOST_CHARS or (len(text) > _PARAGRAPH_CHARS and text.endswith(_SENTENCE_ENDS))


def _plain(line: str) -> str:
    line = _MARKS.sub("", _VOICE.sub(r"\1: ", line))
    return html.unescape(line).strip()


def _seconds(parts: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0) + float(f"0.{fraction or 0}")
