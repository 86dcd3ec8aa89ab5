"""The shipped list of Chinese words and their English translations, used to translate words of a question.

The list is read when it is first asked for: a collection in one language never needs it.
"""

import gzip
import logging
import zlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from retrieval.index.analysis import stems

_log = logging.getLogger(__name__)

Reading = tuple[str, ...]
"""One way to say a word in the other language, as index terms that belong together."""
MOST_READINGS = 16
"""Readings of one word, the commonest first as the list has them; a word with more says little."""


class WordList:
    """Chinese words and English stems, each in the other language; safe to use from many threads.

    Args:
        path: UTF-8 text, gzipped: a Chinese word, a tab, and English glosses of one or two words, parted by `|`.
            Where there is no such file, or it is damaged, the list is empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def readings(self, term: str) -> Sequence[Reading]:
        """Translations of an index term (a Chinese word or an English stem), as index terms."""
        return self._readings.get(term, ())

    def translations(self, word: str) -> Sequence[str]:
        """Translations of a Chinese word, or of an English word in any form, in their written form."""
        if glosses := self._glosses.get(word):
            return glosses.split("|")[:MOST_READINGS]
        stem = "".join(stems([word.lower()])) if word.isascii() else word
        return [" ".join(reading) for reading in self.readings(stem)] if word.isascii() else ()

    @cached_property
    def _glosses(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for word, glosses in self._entries():
            found[word] = f"{found[word]}|{glosses}" if word in found else glosses
        return found

    def _entries(self) -> Sequence[tuple[str, str]]:
        """Chinese words with their glosses; a word may come again."""
        try:
            with gzip.open(self._path, "rt", encoding="utf-8") as file:
                return [
                    (word, glosses)
                    for word, _, glosses in (line.rstrip("\n").partition("\t") for line in file)
                ]
        except FileNotFoundError:
            _log.warning("no list of words in two languages", extra={"path": str(self._path)})
            return []
        except (OSError, EOFError, UnicodeDecodeError, zlib.error):  # gzip ends with a checksum
            _log.exception("the list of words is damaged and not used", extra={"path": str(self._path)})
            return []

    @cached_property
    def _readings(self) -> Mapping[str, Sequence[Reading]]:
        glosses = [(chinese, place, gloss.split()) for chinese, english in self._entries()
                   for place, gloss in enumerate(english.split("|"))]  # fmt: skip
        # stemmed all at once: each call costs more than a word
        stemmed = iter(stems([word for _, _, words in glosses for word in words]))
        english: dict[str, list[Reading]] = {}
        chinese: dict[str, list[tuple[int, str]]] = {}
        for word, place, words in glosses:
            reading = tuple(next(stemmed) for _ in words)
            english.setdefault(word, []).append(reading)
            if len(reading) == 1 and len(word) > 1:
                chinese.setdefault(reading[0], []).append((place, word))
        readings: dict[str, Sequence[Reading]] = {
            word: tuple(dict.fromkeys(found))[:MOST_READINGS] for word, found in english.items()
        }
        for stem, found in chinese.items():
            # a gloss that comes first is what the word means, a later one what it may mean
            ordered = [word for _, word in sorted(found, key=lambda item: item[0])]
            readings[stem] = tuple((word,) for word in dict.fromkeys(ordered))[:MOST_READINGS]
        return readings
