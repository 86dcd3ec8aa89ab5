"""The thread of the server that asks golden questions after changes, beside the questions of people."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from app.answers import golden_runs
from app.composition.runtime import Runtime
from app.errors import FathomError

logger = logging.getLogger(__name__)

POLL_S = 5.0


class GoldenWatch:
    """The thread; `start` it once, `stop` it before the runtime is closed."""

    def __init__(self, runtime: Runtime, poll_s: float = POLL_S) -> None:
        """Prepare the thread for the runtime's database."""
        self._runtime = runtime
        self._poll_s = poll_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="golden-watch", daemon=True)

    def start(self) -> None:
        """Begin, where the settings ask for it; models are waited for, not loaded."""
        if self._runtime.settings.golden.watch:
            self._thread.start()

    def stop(self) -> None:
        """End after the question in work; the run goes back to the queue."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Queue the runs that are due, and do all that wait."""
        golden_runs.plan(self._runtime)
        while not self._stopping.is_set() and golden_runs.work(self._runtime, self._stopping.is_set):
            pass

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_s):
            if not all(is_made for _, is_made, _ in self._runtime.model_states()):
                continue
            try:
                self.look()
            except (FathomError, SQLAlchemyError, OSError):
                logger.warning("golden questions are asked later", exc_info=True)
