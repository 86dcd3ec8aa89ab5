"""Finds a text again in bytes of any kind: a run of it that is long enough to be no chance.

Of the text every `GRAM` bytes in a row are known, so that looking at every eighth byte of what is searched finds each
run of `GRAM` + 7 bytes and more. JSON writes other letters than ASCII as escapes; both forms are looked for.
"""

import gzip
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

GRAM = 24
STEP = 8
LONGEST_DENSE = 1 << 20
"""Bytes of a text up to which every gram counts; a longer text is sampled, and the searched bytes are read densely."""
PIECE = 1 << 22
MOST_UNPACKED = 1 << 30


class Traces:
    """Byte patterns of deleted text; `find` searches bytes, `in_file` files."""

    def __init__(self, text: str, shortest: int = 48) -> None:
        """Look for this text.

        Args:
            text: Canonical text of a document.
            shortest: Bytes of the shortest run that counts, in UTF-8; a shorter text counts as a whole.
        """
        self._shortest = shortest
        plain = text.strip().encode("utf-8", "surrogatepass")
        escaped = json.dumps(text.strip())[1:-1].encode()
        self._forms = [plain] if plain == escaped else [plain, escaped]
        self._dense = all(len(form) <= LONGEST_DENSE for form in self._forms)
        known_every, self._step = (1, STEP) if self._dense else (GRAM, 1)
        self._places: dict[bytes, tuple[int, int]] = {}
        for number, form in enumerate(self._forms):
            for at in range(0, len(form) - GRAM + 1, known_every):
                self._places.setdefault(form[at : at + GRAM], (number, at))

    def find(self, data: bytes) -> str | None:
        """The first run of the text in `data`, as text; None where there is none."""
        for form in self._forms:
            if form and len(form) < max(GRAM + STEP, self._shortest) and form in data:
                return _shown(form)
        for at in range(0, len(data) - GRAM + 1, self._step):
            place = self._places.get(data[at : at + GRAM])
            if place is not None:
                run = self._run(data, at, *place)
                if run is not None:
                    return _shown(run)
        return None

    def in_file(self, path: Path) -> str | None:
        """The first run of the text in a file; None where there is none.

        Raises:
            OSError: It can't be read.
        """
        return next((found for piece in _contents(path) if (found := self.find(piece))), None)

    def _run(self, data: bytes, at: int, number: int, start: int) -> bytes | None:
        """The whole run around a gram, where it is long enough and says something."""
        form = self._forms[number]
        left = 0
        while left < min(at, start) and data[at - left - 1] == form[start - left - 1]:
            left += 1
        right = GRAM
        while (
            at + right < len(data) and start + right < len(form) and data[at + right] == form[start + right]
        ):
            right += 1
        run = form[start - left : start + right]
        # an escape has six bytes where UTF-8 has three
        if len(run) < min(self._shortest * (1 + number), len(form)):
            return None
        said = run.decode("utf-8", "ignore")
        return run if 2 * sum(character.isalnum() for character in said) > len(said) else None


def _contents(path: Path) -> Iterator[bytes]:
    """A file in pieces, followed by the members of an archive and the content of a packed file, up to a bound."""
    with path.open("rb") as file:
        yield from _pieces(file.read)
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                for member in archive.infolist():
                    if member.file_size <= MOST_UNPACKED and not member.is_dir():
                        with archive.open(member) as inside:
                            yield from _pieces(inside.read)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
            return
    elif path.suffix == ".gz":
        try:
            with gzip.open(path) as inside:
                yield from _pieces(inside.read, MOST_UNPACKED)
        except (OSError, zlib.error, EOFError):
            return


def _pieces(read: Callable[[int], bytes], most: int | None = None) -> Iterator[bytes]:
    """A stream in pieces that overlap, so that a run across two of them is whole in one."""
    before, total = b"", 0
    while (most is None or total < most) and (piece := read(PIECE)):
        total += len(piece)
        yield before + piece
        before = piece[-4096:]


def _shown(run: bytes) -> str:
    return run.decode("utf-8", "ignore").strip()[:80]
