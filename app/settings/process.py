"""Settings of the whole process that no user needs: compute threads and garbage collection. Nothing else is loaded."""

import gc
import os
from typing import Final

ALLOCATIONS_BETWEEN_COLLECTIONS: Final = 100_000


def let_threads_sleep() -> None:
    """Have the compute threads of this process and its children sleep while they wait for each other.

    To be called before torch is loaded, which reads the variable then. By default they spin, which is fine
    alone and ruinous beside others: with API, worker and pages on two busy cores, loading the encoder took
    21 seconds of processor time instead of 1.3. A value that the user has set stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def collect_garbage_seldom() -> None:
    """Have Python look for garbage after many allocations: objects made while modules and models load stay.

    With Python's own 700, loading the server's modules took a fifth more processor time.
    """
    gc.set_threshold(ALLOCATIONS_BETWEEN_COLLECTIONS)
