"""Supervised child processes: started, logged line by line, restarted, stopped.

It knows nothing of what the processes do.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.run_output import Say, ServiceOutput

RESTART_DELAY_S: Final = 1.0
MAX_RESTART_DELAY_S: Final = 30.0
_STEADY_S: Final = 60.0
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """A process to keep running.

    Attributes:
        name: Shown before each of its lines.
        argv: Program and arguments.
        env: Its whole environment.
        vital: Whether everything stops when it ends; other services are started again.
        after_vital: Whether it is started once the vital ones are ready, or take long to be.
        show_output: Whether its standard output is logged; its standard error always is.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    vital: bool = False
    after_vital: bool = False
    show_output: bool = True


class Service:
    """One child process over its starts and restarts.

    Args:
        spec: What to run.
        say: Where it is told that it ended.
        log: Where its lines go.
        restart_delay_s: Wait before the first restart; doubled while it keeps dying young.
    """

    def __init__(
        self, spec: ServiceSpec, say: Say, log: Say, restart_delay_s: float = RESTART_DELAY_S
    ) -> None:
        self.spec = spec
        self.starts = 0
        self._say = say
        self._output = ServiceOutput(spec.name, say, log)
        self._restart_delay_s = restart_delay_s
        self._process: asyncio.subprocess.Process | None = None
        self._stop = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def keep_running(self) -> int:
        """Run until it is stopped or, if vital, until it ends; start it again otherwise.

        Returns:
            The exit status of the last process; 0 where none was started.
        """
        delay_s = self._restart_delay_s
        while True:
            if self._stop.is_set():  # asked to stop before it was started
                return 0
            started = time.monotonic()
            status = await self._run_once()
            if not self._stop.is_set():
                self._output.ended()
            if self._stop.is_set() or self.spec.vital:
                return status
            if time.monotonic() - started > _STEADY_S:
                delay_s = self._restart_delay_s
            self._say(f"{self.spec.name} ended with status {status}; starting it again in {delay_s:g} s")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), delay_s)
                return status
            delay_s = min(delay_s * 2, MAX_RESTART_DELAY_S)

    async def _run_once(self) -> int:
        output = asyncio.subprocess.PIPE if self.spec.show_output else asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *self.spec.argv,
            env=dict(self.spec.env),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.PIPE,
            # A session of its own: Ctrl-C reaches this process alone, which then stops the children in order.
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        self.starts += 1
        if self._stop.is_set():  # asked to stop while the process was being made
            self._signal(signal.SIGTERM)
        streams = [stream for stream in (self._process.stdout, self._process.stderr) if stream is not None]
        await asyncio.gather(*(self._show(stream) for stream in streams))
        return await self._process.wait()

    async def _show(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line longer than the reader's buffer: show that, not the line
                line = b"(a very long line was left out)"
            if not line:
                return
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._output.line(text)

    def request_stop(self) -> None:
        """Ask the process to end, and don't start it again."""
        self._stop.set()
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        self._stop.set()
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)


def _end_with_parent() -> None:
    # Linux only: if the supervisor itself is killed, its children get SIGTERM instead of living on.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
