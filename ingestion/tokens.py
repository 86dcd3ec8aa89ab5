"""Token counts by a tiktoken vocabulary that is read from a file, never from the network.

The vocabulary is a byte-level BPE: a file of `base64(bytes) rank` lines, as tiktoken writes them. The way
text is cut before merging (`PRE_SPLIT_PATTERN`) belongs to the vocabulary and is defined here, once.
This module does not know what the counts are for.
"""

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path

import tiktoken

from ingestion.errors import VocabularyError

_HAN_AND_KANA = (
    r"\x{2E80}-\x{2FDF}\x{3005}-\x{3007}\x{3021}-\x{3029}\x{3038}-\x{303B}\x{3041}-\x{3096}\x{309D}-\x{30FA}"
    r"\x{30FC}-\x{30FF}\x{3400}-\x{4DBF}\x{4E00}-\x{9FFF}\x{F900}-\x{FAFF}\x{20000}-\x{3134F}"
)

PRE_SPLIT_PATTERN = "|".join(
    (
        r"'(?:s|t|re|ve|m|ll|d)\b",
        # Han runs stand alone, so that no piece joins Chinese to Latin letters, digits or punctuation.
        rf"[{_HAN_AND_KANA}]{{1,32}}",
        # Any other letters and marks, with the space before them.
        rf" ?[^\s\p{{N}}\p{{P}}\p{{S}}\p{{Z}}\p{{C}}{_HAN_AND_KANA}]{{1,64}}",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{M}\p{N}]{1,16}",
        r"\s{1,32}",
        r"[\s\S]",
    )
)
"""Runs are bounded: BPE is more than linear in a run's length, and a hostile file may be one run of a million
letters. There is no look-around, so a linear-time regex engine is enough."""


def load_vocabulary(path: Path, *, pattern: str = PRE_SPLIT_PATTERN) -> tiktoken.Encoding:
    """Load a vocabulary in tiktoken's format from a file.

    tiktoken's own loader keeps a copy of what it read in the temporary folder, also for local files; a
    changed file would be answered from that copy, so the lines are read here.

    Args:
        path: File of `base64(bytes) rank` lines.
        pattern: Pre-split pattern the vocabulary was trained with.

    Returns:
        An encoding without special tokens, safe to share between threads.

    Raises:
        VocabularyError: If the file is missing, is not in that format, or lacks one of the 256 single bytes.
    """
    try:
        lines = path.read_bytes().splitlines()
        ranks = {base64.b64decode(piece, validate=True): int(rank) for piece, rank in map(bytes.split, lines)}
    except (OSError, ValueError, binascii.Error) as error:
        raise VocabularyError(f"The vocabulary {path} can't be read: {error}") from error
    check_ranks(ranks, str(path))
    return tiktoken.Encoding(name=path.stem, pat_str=pattern, mergeable_ranks=ranks, special_tokens={})


def save_vocabulary(path: Path, ranks: Mapping[bytes, int]) -> None:
    """Write a vocabulary in tiktoken's format, ordered by rank.

    Raises:
        VocabularyError: If the ranks are not 0 … n-1 or one of the 256 single bytes is missing.
    """
    check_ranks(ranks, str(path))
    ordered = sorted(ranks.items(), key=lambda item: item[1])
    path.write_bytes(b"".join(base64.b64encode(piece) + b" %d\n" % rank for piece, rank in ordered))


def check_ranks(ranks: Mapping[bytes, int], name: str) -> None:
    """Check that every text can be encoded and every rank is used once.

    Raises:
        VocabularyError: If not.
    """
    if sorted(ranks.values()) != list(range(len(ranks))):
        raise VocabularyError(f"The vocabulary {name} must use each rank below {len(ranks)} once.")
    missing = [byte for byte in range(256) if bytes([byte]) not in ranks]
    if missing:
        raise VocabularyError(f"The vocabulary {name} lacks the single bytes {missing[:8]}.")


class TokenCounter:
    """Counts tokens of a text; special tokens of a configured vocabulary count as plain text."""

    def __init__(self, encoding: tiktoken.Encoding) -> None:
        """Keep the encoding to count with."""
        self._encoding = encoding

    def __call__(self, text: str) -> int:
        """Count the tokens of `text` (lone surrogates count as the replacement character)."""
        return len(self._encoding.encode_ordinary(text))
