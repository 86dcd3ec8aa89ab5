"""The process that reads untrusted files: `python -m ingestion.parser_child`, spoken to over stdin and stdout.

It has limits on processor time, memory and wall time, can't write files, and (as far as Python code goes) opens
neither sockets nor processes nor files outside the Python installation. It ends when its owner closes stdin.
"""

import gc
import mimetypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from ingestion import wire
from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.errors import CorruptFileError, IngestionError, LimitExceededError
from ingestion.parsers import parse_source
from ingestion.types import KeepMember, Source

_REFUSED_EVENTS = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.chown",
    "os.truncate",
    "shutil.",
    "ftplib.",
    "urllib.",
)
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_MAX_REQUEST_BYTES = 1 << 40  # the owner checks sizes; this only guards against a broken stream
_ALARM_GRACE_S = 5
_ALLOCATIONS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    """Answer requests until stdin ends."""
    requests, replies = _private_streams()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _confine()
    # Most of what a file's reading makes lives until its document is done; to look for waste meanwhile is in vain.
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS_BETWEEN_COLLECTIONS)
    while True:
        try:
            header = wire.read_frame(requests, _MAX_REQUEST_BYTES)
            data = wire.read_frame(requests, _MAX_REQUEST_BYTES)
        except EOFError:
            return
        source, limits, members = wire.decode_request(header, data)
        del data
        _limit(limits)
        reply = answer(source, limits, _sender(replies) if members else None)
        signal.alarm(0)
        wire.write_frame(replies, reply)


def _sender(replies: BinaryIO) -> KeepMember:
    def send(name: str, data: bytes) -> None:
        wire.write_frame(replies, wire.encode_member(name))
        wire.write_frame(replies, data)

    return send


def answer(source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> bytes:
    """Read one file and give the reply: the document, or why there is none; files inside go to `keep`."""
    try:
        document = parse_source(source, limits, keep)
        return wire.encode_document(with_coverage(source, document, limits))
    except IngestionError as error:
        return wire.encode_error(error)
    except MemoryError:
        allowed = limits.memory_bytes >> 20
        return wire.encode_error(LimitExceededError(f"Reading the file takes more than {allowed} MiB."))
    except Exception as error:  # noqa: BLE001 - libraries raise anything on damaged files; the owner needs a reply
        message = f"The file is damaged: reading it failed with {type(error).__name__}."
        return wire.encode_error(CorruptFileError(message))


def _private_streams() -> tuple[BinaryIO, BinaryIO]:
    """Reserve stdin and stdout for frames, so that prints of a library can't come between them."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.close(nothing)
    return requests, replies


def _limit(limits: ParsingLimits) -> None:
    """Set the limits for the next file: memory as a whole, time from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = int(used.ru_utime + used.ru_stime) + limits.cpu_s + 1
    for kind, soft in ((resource.RLIMIT_CPU, cpu_s), (resource.RLIMIT_AS, limits.memory_bytes)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))
    # Only reached if the owner died; it kills this process itself otherwise.
    signal.alarm(int(limits.wall_s) + _ALARM_GRACE_S)


def _confine() -> None:
    mimetypes.knownfiles.clear()  # libraries ask for types by suffix; tables of the machine would be opened for it
    roots = tuple(
        str(Path(path).resolve()) + os.sep for path in (*sys.path, sys.prefix, sys.base_prefix) if path
    )

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not isinstance(path, str) or not isinstance(flags, int):
                return
            if flags & _WRITE_FLAGS or not os.path.realpath(path).startswith(roots):
                raise PermissionError(f"a parser may not open {path}")
        elif event.startswith(_REFUSED_EVENTS):
            raise PermissionError(f"a parser may not use {event}")

    sys.addaudithook(refuse)


if __name__ == "__main__":
    main()
