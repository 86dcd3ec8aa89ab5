"""The thread of the server that does reviews of outdated answers, one at a time, beside the questions of people."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from app.answers import reviews
from app.composition.runtime import Runtime
from app.errors import FathomError

logger = logging.getLogger(__name__)

POLL_S = 1.0


class Reviewer:
    """The thread; `start` it once, `stop` it before the runtime is closed."""

    def __init__(self, runtime: Runtime, poll_s: float = POLL_S) -> None:
        """Prepare the thread for the runtime's database."""
        self._runtime = runtime
        self._poll_s = poll_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reviewer", daemon=True)

    def start(self) -> None:
        """Begin; a review that a process left is taken up when its lease has run out."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step in work; the review goes back to the queue."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._poll_s):
            try:
                while not self._stopping.is_set() and reviews.work(self._runtime, self._stopping.is_set):
                    pass
            except (FathomError, SQLAlchemyError, OSError):
                logger.warning("a review failed; it is taken up again", exc_info=True)
