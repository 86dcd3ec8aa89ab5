"""Owner of a parser child: one warm process that is replaced after a kill or a crash."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

from ingestion import wire
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, IngestionError, LimitExceededError
from ingestion.types import Document, KeepMember, Source

_REPLY_BYTES_PER_CHAR = 24  # text in UTF-8 and its blocks as JSON
_SUSPICIOUS_MEMORY_SHARE = 0.6
_CLOSE_TIMEOUT_S = 2.0


class ParserProcess:
    """Parses files in a child process that can be killed; safe to share between threads, one file at a time.

    The child is started with the first file (about 0.3 s) and kept. Use as a context manager or call `close`.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._lock = threading.Lock()
        self._inherited_bytes = 0

    def __enter__(self) -> "ParserProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def parse(self, source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
        """Parse a file in the child.

        Args:
            source: The file.
            limits: What reading it may cost.
            keep: Given the files inside an archive or a mail as they come; should an error other than
                `PartlyUnpackedError` follow, they are not to be used.

        Raises:
            LimitExceededError: If reading it took too much.
            IngestionError: If it can't be read for another reason.
        """
        with self._lock:
            process = self._started()
            late = threading.Event()
            timer = threading.Timer(limits.wall_s, _kill, (process, late))
            timer.start()
            try:
                reply = _exchange(process, source, limits, keep)
            except (EOFError, BrokenPipeError) as error:
                timer.cancel()
                raise self._cause_of_death(process, limits, late=late.is_set()) from error
            except BaseException:
                # The owner was interrupted, or could not keep a file: this child's stream can't be used again.
                process.kill()
                self._forget(process)
                raise
            finally:
                timer.cancel()
            try:
                return wire.decode_reply(reply)
            except LimitExceededError:
                # Its memory may be in pieces; the next file gets a fresh child.
                process.kill()
                self._forget(process)
                raise

    def close(self) -> None:
        """End the child; a later `parse` starts another."""
        with self._lock:
            if self._process is not None:
                _stdin(self._process).close()
                try:
                    self._process.wait(_CLOSE_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self._process.kill()
                self._forget(self._process)
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    @property
    def pid(self) -> int | None:
        """Process id of the running child, or None."""
        return None if self._process is None else self._process.pid

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._forget(self._process)
        if self._process is None:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="fathom-parser-")
            # The child sees none of the owner's environment: no keys, no addresses.
            environment = {
                "PYTHONPATH": str(Path(__file__).parents[1]),
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                "MALLOC_ARENA_MAX": "2",
            }
            # Linux counts the owner's peak at the fork as the child's; only what is above it is the child's own.
            self._inherited_bytes = _bytes(resource.getrusage(resource.RUSAGE_SELF))
            self._process = subprocess.Popen(
                [sys.executable, "-B", "-X", "utf8", "-m", "ingestion.parser_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=self._folder.name,
                env=environment,
                start_new_session=True,
            )
        return self._process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                try:
                    stream.close()
                except OSError:
                    continue  # what was still buffered for a dead child
        self._process = None

    def _cause_of_death(
        self, process: subprocess.Popen[bytes], limits: ParsingLimits, *, late: bool
    ) -> IngestionError:
        # Not `process.kill`: that would reap the child, and with it what it used.
        os.kill(process.pid, signal.SIGKILL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        code = process.returncode
        self._forget(process)
        if late:
            return LimitExceededError(f"Reading the file takes more than {limits.wall_s:g} seconds.")
        if code == -signal.SIGXCPU:
            return LimitExceededError(f"Reading the file takes more than {limits.cpu_s} processor seconds.")
        suspicious_bytes = max(_SUSPICIOUS_MEMORY_SHARE * limits.memory_bytes, self._inherited_bytes)
        if _bytes(usage) > suspicious_bytes or code == -signal.SIGKILL:
            allowed = limits.memory_bytes >> 20
            return LimitExceededError(f"Reading the file takes more than {allowed} MiB of memory.")
        return CorruptFileError("The file is damaged: the program that reads it crashed.")


def _bytes(usage: resource.struct_rusage) -> int:
    """Peak memory of a process, in bytes."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _exchange(
    process: subprocess.Popen[bytes], source: Source, limits: ParsingLimits, keep: KeepMember | None
) -> bytes:
    stdin, stdout = _stdin(process), cast(BinaryIO, process.stdout)
    wire.write_frame(stdin, wire.encode_request(source, limits, members=keep is not None))
    wire.write_frame(stdin, source.data)
    while True:
        frame = wire.read_frame(stdout, limits.max_text_chars * _REPLY_BYTES_PER_CHAR)
        name = wire.decode_member(frame)
        if name is None:
            return frame
        data = wire.read_frame(stdout, limits.max_bytes)
        if keep is not None:
            keep(name, data)


def _stdin(process: subprocess.Popen[bytes]) -> BinaryIO:
    return cast(BinaryIO, process.stdin)


def _kill(process: subprocess.Popen[bytes], late: threading.Event) -> None:
    """End a child that is late; it is reaped by the thread that waits for its reply."""
    late.set()
    os.kill(process.pid, signal.SIGKILL)
