"""The thread of the server that makes suggested questions, in moments when nobody asks."""

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from app.answers import suggesting
from app.composition.runtime import Runtime
from app.errors import FathomError

logger = logging.getLogger(__name__)

EVERY_S = 20.0
"""Seconds before the first look for collections without questions, and between two looks."""
YIELD_S = 0.5


class Suggester:
    """The thread; `start` it once, `stop` it before the runtime is closed."""

    def __init__(self, runtime: Runtime, is_busy: Callable[[], bool], every_s: float = EVERY_S) -> None:
        """Prepare the thread.

        Args:
            runtime: Models, indexes and database.
            is_busy: Whether somebody waits for an answer, who goes first.
            every_s: Seconds between two looks.
        """
        self._runtime = runtime
        self._is_busy = is_busy
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="suggester", daemon=True)

    def start(self) -> None:
        """Begin, unless the settings switch it off."""
        if self._runtime.settings.answers.suggest:
            self._thread.start()

    def stop(self) -> None:
        """End after the question in work."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            try:
                while suggesting.work(self._runtime, self._wait):
                    pass
            except (FathomError, SQLAlchemyError, OSError):
                logger.warning("suggesting questions failed; it is tried again", exc_info=True)

    def _wait(self) -> bool:
        while self._is_busy() and not self._stopping.is_set():
            self._stopping.wait(YIELD_S)
        return self._stopping.is_set()
