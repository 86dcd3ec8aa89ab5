"""Sample files, a fake encoder and a real token counter for the tests of ingestion."""

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ingestion.tokens import TokenCounter, load_vocabulary
from ingestion.types import SentenceStates, Source

DATA = Path(__file__).parents[1] / "data"
COUNT_TOKENS = TokenCounter(
    load_vocabulary(Path(__file__).parents[2] / "models" / "tokenizer" / "fathom_bpe.tiktoken")
)
WIDTH = 32
PLAIN_RTF = (
    rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}{\f1\fcharset134 SimSun;}}{\*\generator X;}{\info{\title No}}"
    rb"\uc1 Hello {\b big} world\par Price\tab 5\'80 \u20215?\u26684?\par{\f1\'bc\'db\'b8\'f1}\par "
    rb"\{x\} \u-10179?\u-8704? caf\'e9{\pict\bin4 }}{\x}}"
)
HTML_RTF = (
    rb"{\rtf1\ansi\ansicpg1252\fromhtml1 \deff0{\fonttbl{\f0 Arial;}{\f1\fcharset134 SimSun;}}\uc1\pard "
    rb"{\*\htmltag18 <html>}{\*\htmltag50 <body>}{\*\htmltag80 <ul>}{\*\htmltag80 <li>}\htmlrtf {\htmlrtf0 "
    rb"The price is 5{\*\htmltag84 &euro;}\htmlrtf \'80\htmlrtf0 , {\*\htmltag84 <b>}\htmlrtf {\b \htmlrtf0 "
    rb"caf\'e9{\*\htmltag92 </b>}\htmlrtf }\htmlrtf0 \f1  \'bc\'db\'b8\'f1\f0 .{\*\htmltag72 </li>}{\*\htmltag72 </ul>}"
    rb"\htmlrtf \par}\htmlrtf0{\*\htmltag58 </body>}{\*\htmltag27 </html>}}"
)


def stored(rtf: bytes) -> bytes:
    """A body of RTF as Outlook keeps it, not packed."""
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf


def sample(name: str) -> Source:
    """One of the files in tests/data."""
    return Source(name=name, data=(DATA / name).read_bytes())


class BigramEncoder:
    """Sums of hashed character pairs: texts that share words are alike; keeps what it was asked."""

    def __init__(self) -> None:
        self.calls: list[list[tuple[int, int]]] = []

    def __call__(self, text: str, spans: Sequence[tuple[int, int]]) -> SentenceStates:
        self.calls.append(list(spans))
        sums = np.full((len(spans), WIDTH), 0.01, dtype=np.float32)
        for row, (start, end) in enumerate(spans):
            for pair in zip(text[start:end], text[start + 1 : end], strict=False):
                sums[row, zlib.crc32("".join(pair).encode("utf-8", "replace")) % WIDTH] += 1
        return SentenceStates(sums=sums, windows=np.zeros(len(spans), np.int64))
