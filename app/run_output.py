"""Where the lines of `fathom run` go: few to the terminal, all of them to a log file that can't fill the disk."""

import contextlib
import json
import re
import shutil
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO

LOG_BYTES: Final = 10 * 1024 * 1024
OLD_LOGS: Final = 3
_ERROR: Final = re.compile(r"\S+ (?:ERROR|CRITICAL) +(.*)", re.S)
_SHOWN_CHARS: Final = 400
_SAME_ERROR_S: Final = 60.0
_LAST_LINES: Final = 15
_CLEAR: Final = "\r\x1b[K"

Say = Callable[[str], None]


class LogFile:
    """Lines in a file; a full one becomes `NAME.1`, the one before `NAME.2`, and so on.

    Every line is handed to the system at once, so that a killed process leaves all that it logged. Where the
    disk is full or the folder gone, lines are lost: what is logged about goes on.
    """

    def __init__(self, path: Path, *, max_bytes: int = LOG_BYTES, old: int = OLD_LOGS) -> None:
        """Open the file, or continue it.

        Args:
            path: The file; its folder is made.
            max_bytes: Size that it does not pass.
            old: How many full ones are kept.

        Raises:
            OSError: It can't be written.
        """
        self.path = path
        self._max_bytes = max_bytes
        self._old = old
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab", buffering=0)

    def write(self, line: str) -> None:
        """Add a line."""
        data = line.encode("utf-8", "replace")[: self._max_bytes - 1] + b"\n"
        with contextlib.suppress(OSError, ValueError):
            if self._file.tell() and self._file.tell() + len(data) > self._max_bytes:
                self._turn()
            self._file.write(data)

    def close(self) -> None:
        """Write no more."""
        self._file.close()

    def _turn(self) -> None:
        # Each step is a whole one: killed between two of them, no line is gone but of the oldest file.
        self._file.close()
        for number in range(self._old - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                self._numbered(number).replace(self._numbered(number + 1))
        self.path.replace(self._numbered(1))
        self._file = self.path.open("ab", buffering=0)

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


class Terminal:
    """Lines for a person; the last one may move. Where nobody looks (a file, a pipe), all are plain lines."""

    def __init__(self, out: TextIO) -> None:
        """Write to `out`."""
        self._out = out
        self._moves = out.isatty()
        self._moving = ""

    def say(self, line: str) -> None:
        """Print a line that stays."""
        if self._moving:
            self._out.write(_CLEAR)
        self._out.write(f"{line}\n{self._cut(self._moving)}")
        self._out.flush()

    def move(self, line: str) -> None:
        """Print a line over the previous moving line; an empty one fixes the previous line in place."""
        if not self._moves:
            if line:
                self.say(line)
        elif line:
            self._moving = line
            self._out.write(_CLEAR + self._cut(line))
            self._out.flush()
        elif self._moving:
            last, self._moving = self._moving, ""
            self._out.write(f"{_CLEAR}{last}\n")
            self._out.flush()

    def _cut(self, line: str) -> str:
        # A line that is wrapped can't be taken back. Wide characters take two places.
        columns, taken = shutil.get_terminal_size().columns - 1, 0
        for position, character in enumerate(line):
            taken += 2 if character > "\u2e7f" else 1
            if taken > columns:
                return line[:position]
        return line


class ServiceOutput:
    """Output of a service: every line is logged; its errors, and its last lines when it ends, are printed too.

    Args:
        name: Name of the service.
        say: Where errors go.
        log: Where every line goes.
    """

    def __init__(self, name: str, say: Say, log: Say) -> None:
        self._name = name
        self._say = say
        self._log = log
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._said: dict[str, float] = {}

    def line(self, text: str) -> None:
        """Take a line of the service."""
        self._log(f"{self._name:>6} | {text}")
        self._last.append(text[:_SHOWN_CHARS])
        error = _error_in(text)
        if error is None:
            return
        now = time.monotonic()
        # One that comes again and again is said once a minute.
        self._said = {line: at for line, at in self._said.items() if now - at < _SAME_ERROR_S}
        if error not in self._said:
            self._said[error] = now
            self._say(f"{self._name:>6} | {error[:_SHOWN_CHARS]}")

    def ended(self) -> None:
        """Print the last lines, which show why it ended, except errors that were printed already."""
        for text in self._last:
            if _error_in(text) is None:
                self._say(f"{self._name:>6} | {text}")
        self._last.clear()


def _error_in(text: str) -> str | None:
    """Message of a log line of an error, without its time, or None; see `app.observability`."""
    if text.startswith("{"):
        with contextlib.suppress(ValueError):
            fields = json.loads(text)
            if isinstance(fields, dict) and fields.get("level") in {"ERROR", "CRITICAL"}:
                return f"{fields.get('logger')}: {fields.get('message')}"
        return None
    found = _ERROR.match(text)
    return found[1] if found else None
