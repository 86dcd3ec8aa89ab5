"""Parser children that outlive a test: half a second of processor time for each test that reads a file is saved.

The program keeps its child for many files too. One that was killed, has died or was replaced is never handed on.
"""

import threading
from collections.abc import Iterator
from subprocess import Popen
from tempfile import TemporaryDirectory

import pytest

from ingestion.parser_process import ParserProcess

Child = tuple[Popen[bytes], TemporaryDirectory[str], int]


class WarmParsers:
    """Children that nobody uses now. Each owner has one for itself, from its first file until it is closed."""

    def __init__(self) -> None:
        self._idle: list[Child] = []
        self._lock = threading.Lock()

    def lend(self, owner: ParserProcess) -> None:
        """Give a child to an owner that has none yet."""
        if owner._process is None and owner._folder is None:
            with self._lock:
                if self._idle:
                    owner._process, owner._folder, owner._inherited_bytes = self._idle.pop()

    def take_back(self, owner: ParserProcess) -> None:
        """Take the child of an owner that is about to end it."""
        with owner._lock:
            process, folder = owner._process, owner._folder
            if process is not None and folder is not None and process.poll() is None:
                with self._lock:
                    self._idle.append((process, folder, owner._inherited_bytes))
                owner._process = owner._folder = None

    def end(self) -> None:
        """End all children."""
        while self._idle:
            owner = ParserProcess()
            self.lend(owner)
            owner.close()


@pytest.fixture(scope="session")
def idle_parsers() -> Iterator[WarmParsers]:
    warm = WarmParsers()
    yield warm
    warm.end()


@pytest.fixture
def warm_parsers(idle_parsers: WarmParsers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every `ParserProcess` of a test take a warm child, and leave it to the next one."""
    start, close = ParserProcess._started, ParserProcess.close

    def started(self: ParserProcess) -> Popen[bytes]:
        idle_parsers.lend(self)
        return start(self)

    def closed(self: ParserProcess) -> None:
        idle_parsers.take_back(self)
        close(self)

    monkeypatch.setattr(ParserProcess, "_started", started)
    monkeypatch.setattr(ParserProcess, "close", closed)
