"""The folder of a lexical index: its owner, its commit, and the integrity of its files.

tantivy checks no checksum when it opens its files, so that is done here.
"""

import fcntl
import json
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from retrieval.errors import CorruptIndexError, IndexLockedError, IndexWriteError
from retrieval.index.analysis import VERSION

_STATE = "fathom.json"
_LOCK = "fathom.lock"
# The end of each of tantivy's own files: JSON with a CRC of what stands before, its length, and a mark.
_FOOTER_MARK = 1337
# How tantivy tells the number of a system's error within its own text.
_SYSTEM_ERROR = re.compile(r"os error (\d+)|code: (\d+)")
_SEGMENT_PARTS = {".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term"}


@contextmanager
def writing(path: Path | None) -> Iterator[None]:
    """Raise an `IndexWriteError` for a write that tantivy or the system refused, with the system's error as its cause.

    Raises:
        IndexWriteError: It was refused.
    """
    try:
        yield
    except (ValueError, OSError) as error:
        cause: Exception = error
        if (told := _SYSTEM_ERROR.search(str(error))) and not isinstance(error, OSError):
            cause = OSError(int(told[1] or told[2]), str(error))
        raise IndexWriteError(f"the lexical index can't be written to {path}: {error}") from cause


def own_folder(path: Path) -> IO[str]:
    """Lock a folder for this process; closing the file gives it back.

    Raises:
        IndexLockedError: Somebody else has it.
    """
    owner = (path / _LOCK).open("a", encoding="utf-8")
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner.close()
        raise IndexLockedError(
            f"another process uses {path}; stop it, or give this one its own folder"
        ) from error
    return owner


def empty_folder(path: Path) -> None:
    """Remove all but the lock."""
    for entry in path.iterdir():
        if entry.name == _LOCK:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def removed_count(path: Path) -> int:
    """Number of texts that were removed and whose words still stand in files."""
    meta = path / "meta.json"
    if not meta.exists():
        return 0
    segments = json.loads(meta.read_bytes())["segments"]
    return sum(int(part["deletes"]["num_deleted_docs"]) for part in segments if part["deletes"])


def read_state(path: Path) -> int:
    """The sequence number that the folder covers: 0 for a new folder.

    Raises:
        CorruptIndexError: The terms were made by other rules, or the state is not readable.
    """
    state = path / _STATE
    if not (path / "meta.json").exists():
        return 0
    if not state.exists():
        raise CorruptIndexError(f"{path} has no state; its texts are added again")
    try:
        content = json.loads(state.read_text(encoding="utf-8"))
        if content["terms"] != VERSION:
            raise CorruptIndexError(f"{path} was made with other term rules; its texts are added again")
        return int(content["seq"])
    except (TypeError, KeyError) as error:
        raise CorruptIndexError(f"{state} is damaged; the texts are added again") from error


def write_state(path: Path, seq: int) -> None:
    """Write down that the folder covers the database up to a change."""
    temporary = path / f"{_STATE}.tmp"
    temporary.write_text(json.dumps({"terms": VERSION, "seq": seq}), encoding="utf-8")
    temporary.replace(path / _STATE)


def verify_folder(path: Path) -> None:
    """Check the checksum that ends each file in use: tantivy does not do so itself when it opens them.

    Raises:
        CorruptIndexError: A file is damaged or missing.
    """
    meta = path / "meta.json"
    if not meta.exists():
        return
    try:
        segments = [_segment_files(path, segment) for segment in json.loads(meta.read_bytes())["segments"]]
    except (KeyError, TypeError) as error:
        raise CorruptIndexError(f"{meta} is damaged; the texts are added again") from error
    # Other files are left over from a writer that was killed, and tantivy clears them away.
    for files in segments:
        for file in files:
            _verify_file(file)


def _segment_files(path: Path, segment: dict[str, Any]) -> list[Path]:
    """Files of one segment, and its newest list of deletions where there is one.

    Raises:
        CorruptIndexError: A file is missing.
    """
    name = str(segment["segment_id"]).replace("-", "")
    files = [file for file in path.glob(f"{name}.*") if file.suffix != ".del"]
    if segment["deletes"]:
        files.append(path / f"{name}.{segment['deletes']['opstamp']}.del")
    present = {file.suffix for file in files if file.exists()}
    if len(present) < len(files) or not present >= _SEGMENT_PARTS:
        raise CorruptIndexError(f"{path} lacks files of segment {name}; the texts are added again")
    return files


def _verify_file(file: Path) -> None:
    """Check one file against its end.

    Raises:
        CorruptIndexError: It is cut short or damaged.
    """
    data = memoryview(file.read_bytes())
    length, mark = int.from_bytes(data[-8:-4], "little"), int.from_bytes(data[-4:], "little")
    body = len(data) - 8 - length
    if mark != _FOOTER_MARK or body < 0:
        raise CorruptIndexError(f"{file} is cut short; the texts are added again")
    try:
        expected = json.loads(bytes(data[body:-8]))["crc"]
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptIndexError(f"{file} has a damaged end; the texts are added again") from error
    if zlib.crc32(data[:body]) != expected:
        raise CorruptIndexError(f"{file} is damaged; the texts are added again")
