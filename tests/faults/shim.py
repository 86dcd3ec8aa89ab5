"""Faults in the calls that change files, whoever makes them: Python, SQLite, tantivy or hnswlib (see `shim.c`)."""

import ctypes
import enum
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("shim.c")


class Mode(enum.IntEnum):
    """What happens at a step: a call that writes, makes, renames, removes, cuts or syncs a file or folder."""

    COUNT = 0
    KILL = 1
    """SIGKILL before the step."""
    TORN = 2
    """SIGKILL within it: half of what is written arrives. Steps are writes only."""
    FULL = 3
    """The disk is full at this step and stays so. Steps are those that take room."""
    BROKEN = 4
    """The disk fails this one step (EIO)."""


def compiler() -> str | None:
    """A C compiler, which installing hnswlib needs too."""
    return shutil.which("cc") or shutil.which("gcc")


def preloaded(folder: Path) -> dict[str, str]:
    """Environment of a process whose file calls go through the shim, which is compiled into `folder`."""
    library = folder / "shim.so"
    command = [str(compiler()), "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return os.environ | {"LD_PRELOAD": str(library)}


class Shim:
    """The shim of this process."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None)
        if not sys.platform.startswith("linux") or not hasattr(self._library, "faults_arm"):
            raise RuntimeError("start this process with the environment of `preloaded`")
        self._library.faults_steps.restype = ctypes.c_long

    def arm(self, mode: Mode, at: int, folder: Path, *, log: int = -1) -> None:
        """Count steps below `folder` from now on, and let the fault happen at number `at` (0: never).

        With `log`, a descriptor, each step is told there in a line: what it is, and its path in the folder.
        """
        at_most = ctypes.c_long(at)
        self._library.faults_arm(int(mode), at_most, os.fsencode(folder), log)

    def disarm(self) -> None:
        self._library.faults_arm(0, ctypes.c_long(0), b"", -1)

    def steps(self) -> int:
        """Steps so far."""
        return int(self._library.faults_steps())

    def skip_sync(self) -> None:
        """Let no sync reach the disk: a killed process loses nothing by that, and the tests are faster."""
        self._library.faults_skip_sync(1)
