"""Work of the server beside the requests: threads that look for it every few seconds, one for each kind of work."""

import logging
import threading
from collections.abc import Callable
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from app.admission import Queues, WorkQueue
from app.answers import golden_runs, reviews, suggesting
from app.composition.runtime import Runtime
from app.errors import FathomError
from app.housekeeping import Housekeeping

logger = logging.getLogger(__name__)

REVIEWS_EVERY_S = 1.0
GOLDEN_EVERY_S = 5.0
HOUSEKEEPING_EVERY_S = 15.0
SUGGESTIONS_EVERY_S = 20.0
YIELD_S = 0.5
"""Seconds between two looks whether people still wait for answers, which go before suggestions."""


class BackgroundThread:
    """Does work every few seconds; `start` it once, `stop` it before the runtime is closed.

    A failure of the database, of a file or of a request is logged, and the work is tried again at the next look.
    """

    def __init__(
        self,
        name: str,
        every_s: float,
        run_due: Callable[[threading.Event], object],
        *,
        at_once: bool = False,
    ) -> None:
        """Prepare the thread.

        Args:
            name: Name of the thread and of its work.
            every_s: Seconds between two looks.
            run_due: Does the work that is due; ends soon after the event is set.
            at_once: Whether the first look comes at the start, not `every_s` later.
        """
        self._name = name
        self._every_s = every_s
        self._run_due = run_due
        self._at_once = at_once
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step in work."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        if not self._at_once:
            self._stopping.wait(self._every_s)
        while not self._stopping.is_set():
            try:
                self._run_due(self._stopping)
            except (FathomError, SQLAlchemyError, OSError):
                logger.warning("%s failed; it is tried again", self._name, exc_info=True)
            self._stopping.wait(self._every_s)


def background_threads(runtime: Runtime, queues: Queues) -> list[BackgroundThread]:
    """The threads that the settings ask for."""
    housekeeping = Housekeeping(runtime)
    threads = [
        # At once, since a process may have died in the middle of erasing.
        BackgroundThread(
            "housekeeping", HOUSEKEEPING_EVERY_S, lambda _: housekeeping.run_due(), at_once=True
        ),
        BackgroundThread("reviews", REVIEWS_EVERY_S, partial(_review, runtime)),
    ]
    if runtime.settings.golden.watch:
        threads.append(BackgroundThread("golden questions", GOLDEN_EVERY_S, partial(_ask_golden, runtime)))
    if runtime.settings.answers.suggest:
        threads.append(
            BackgroundThread("suggestions", SUGGESTIONS_EVERY_S, partial(_suggest, runtime, queues.answers))
        )
    return threads


def _review(runtime: Runtime, stopping: threading.Event) -> None:
    while not stopping.is_set() and reviews.work(runtime, stopping.is_set):
        pass


def _ask_golden(runtime: Runtime, stopping: threading.Event) -> None:
    if all(is_made for _, is_made, _ in runtime.model_states()):  # models are waited for, not loaded
        golden_runs.run_due(runtime, stopping.is_set)


def _suggest(runtime: Runtime, people: WorkQueue, stopping: threading.Event) -> None:
    def wait() -> bool:
        while (people.running or people.waiting) and not stopping.is_set():
            stopping.wait(YIELD_S)
        return stopping.is_set()

    while suggesting.work(runtime, wait):
        pass
