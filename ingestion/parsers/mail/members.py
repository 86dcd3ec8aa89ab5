"""Files inside files: members of ZIP archives and attachments of mails, nested in any way.

All that comes out of one uploaded file draws on one budget. Names are names only: nothing is written to a disk here.
"""

import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable
from email.message import Message
from pathlib import PurePosixPath
from typing import Final

from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError, EncryptedError, IngestionError, UndecodableError
from ingestion.packed import PackedFile, UnpackBudget, is_encrypted
from ingestion.parsers.mail.mime import attachments_of, read_message
from ingestion.parsers.mail.outlook import read_outlook
from ingestion.sniff import EML, MSG, ZIP, media_type_of
from ingestion.types import KeepMember, Source

LOCKED: Final = "protected by a password"
_UTF8_NAME: Final = 0x800
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_LEFT_BY_SYSTEMS: Final = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


class Members:
    """Opens containers, hands each file inside to `keep`, and records files that could not be unpacked.

    Attributes:
        names: Of the files handed on, unique.
        problems: Name and reason of each file that could not be unpacked.
        skipped: Counts of what is no document: hidden files, links, pictures of a mail's layout.
    """

    def __init__(self, limits: ParsingLimits, keep: KeepMember | None) -> None:
        """Hand files to `keep`; without it they are only counted."""
        self._limits = limits
        self._keep = keep
        self._budget = UnpackBudget(limits)
        self.names: list[str] = []
        self._taken: set[str] = set()
        self.problems: list[tuple[str, str]] = []
        self.skipped: Counter[str] = Counter()

    def open_zip(self, data: bytes, folder: str = "", depth: int = 1) -> None:
        """Hand on the members of an archive that stands at the path `folder`.

        Raises:
            CorruptFileError: If the archive as a whole can't be read.
            LimitExceededError: If it unpacks to more than allowed; nothing of it should be used.
        """
        with PackedFile(data, self._limits, budget=self._budget, allow_encrypted=True) as packed:
            names = _readable_names(packed.entries)
            for entry, name in zip(packed.entries, names, strict=True):
                if not entry.is_dir():
                    self._member(packed, entry, folder + _clean(name), depth)

    def open_mail(self, message: Message, folder: str = "", depth: int = 1) -> None:
        """Hand on the attachments of a mail.

        Raises:
            LimitExceededError: If archives among them unpack to more than allowed.
        """
        for attachment in attachments_of(message):
            if attachment.is_picture:
                self.skipped["pictures"] += 1
            else:
                self._budget.spend_parts(1)
                self._file(folder + _clean(attachment.name), attachment.data, depth)

    def open_files(self, files: Iterable[tuple[str, bytes | None]]) -> None:
        """Hand on files that a document holds, each given by its name and content, None where that can't be had.

        Raises:
            LimitExceededError: If there are too many, or they unpack to more than allowed.
        """
        for name, data in files:
            self._budget.spend_parts(1)
            if data is None:
                self.problems.append((_clean(name), "damaged, empty or too large"))
            else:
                self._budget.spend_bytes(len(data))
                self._file(_clean(name), data, 1)

    def _member(self, packed: PackedFile, entry: zipfile.ZipInfo, name: str, depth: int) -> None:
        parts = name.lower().split("/")
        if any(part.startswith(".") or part in _LEFT_BY_SYSTEMS for part in parts):
            self.skipped["hidden files"] += 1
        elif stat.S_ISLNK(entry.external_attr >> 16):
            self.skipped["links"] += 1
        elif is_encrypted(entry):
            self.problems.append((name, LOCKED))
        elif entry.file_size > self._limits.max_bytes:
            self.problems.append((name, f"larger than {self._limits.max_bytes >> 20} MiB"))
        else:
            try:
                data = packed.read(entry)
            except IngestionError as error:
                if error.code != "corrupt_file":
                    raise
                self.problems.append((name, "damaged"))
            else:
                self._file(name, data, depth)

    def _file(self, name: str, data: bytes, depth: int) -> None:
        """A file that is here: opened too if it holds others, handed on unless it holds nothing else."""
        kind = _kind(name, data)
        if kind == ZIP and depth >= self._limits.max_nesting:
            self.problems.append((name, f"more than {self._limits.max_nesting} archives inside each other"))
        elif kind == ZIP:
            self.open_zip(data, f"{name}/", depth + 1)
        else:
            self._hand_on(name, data)
            if kind in (EML, MSG) and depth < self._limits.max_nesting:
                try:
                    message = read_message(data) if kind == EML else read_outlook(data)[0]
                except (CorruptFileError, EncryptedError):
                    return  # told on the mail's own document
                self.open_mail(message, f"{name}/", depth + 1)

    def _hand_on(self, name: str, data: bytes) -> None:
        path, number = PurePosixPath(name), 2
        while name in self._taken:
            name, number = str(path.with_name(f"{path.stem} ({number}){path.suffix}")), number + 1
        self._taken.add(name)
        self.names.append(name)
        if self._keep is not None:
            self._keep(name, data)


def _kind(name: str, data: bytes) -> str:
    """Media type, or nothing where the file is damaged or unknown: then it fails as a document of its own."""
    try:
        return media_type_of(Source(name=name, data=data))
    except IngestionError:
        return ""


def _readable_names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Names of all entries; those not marked as UTF-8 are decoded together, as one program wrote them."""
    raw = {entry.filename: entry.orig_filename for entry in entries if not entry.flag_bits & _UTF8_NAME}
    plain = [name.encode("cp437", "replace") for name in raw.values()]
    try:
        decoded = decode(b"\n".join(plain)).text.split("\n") if any(not n.isascii() for n in plain) else []
    except UndecodableError:
        decoded = []
    names = dict(zip(raw, decoded, strict=True)) if len(decoded) == len(raw) else {}
    return [names.get(entry.filename, entry.filename) for entry in entries]


def _clean(name: str) -> str:
    """The path without dangerous parts: roots, drives' backslashes, steps upwards, control characters."""
    name = unicodedata.normalize("NFC", _CONTROL.sub("", name)).replace("\\", "/")
    parts = [part.strip() for part in name.split("/")]
    return "/".join(part for part in parts if part not in {"", ".", ".."}) or "unnamed"
