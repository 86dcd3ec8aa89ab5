"""A part that is made on first use, and can be asked whether it is there without being made."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)


class Lazy(Generic[T_co]):
    """A value that is made once, by whichever thread needs it first.

    Attributes:
        error: Message of the last failed attempt; empty where none failed. A later call of `get` tries again.
    """

    def __init__(self, make: Callable[[], T_co], lock: threading.RLock) -> None:
        """Nothing is made yet.

        Args:
            make: Makes the value; it may ask for other parts under the same lock.
            lock: Held while the value is made. Parts that share it are made one after the other: two models that
                load at once take processor and memory from each other, and import the same libraries in two threads.
        """
        self.error = ""
        self._make = make
        self._lock = lock
        self._made: tuple[T_co] | None = None

    @property
    def made(self) -> T_co | None:
        """The value where it has been made, else None."""
        return self._made[0] if self._made is not None else None

    @property
    def is_made(self) -> bool:
        """Whether the value has been made; it may be None."""
        return self._made is not None

    @property
    def state(self) -> str:
        """One word or sentence for people: loaded, loading, or why it could not be loaded."""
        return "loaded" if self.is_made else self.error or "loading"

    def get(self) -> T_co:
        """The value, made now where it has not been made; whatever `make` raises is raised here too."""
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = (self._attempt(),)
        return self._made[0]

    def _attempt(self) -> T_co:
        try:
            return self._make()
        except Exception as error:
            self.error = str(error)
            raise
