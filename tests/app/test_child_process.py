"""Child processes: logged, started again, stopped with all that they started."""

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from app.child_process import Service, ServiceSpec


def service(code: str, said: list[str], *, vital: bool = False) -> Service:
    spec = ServiceSpec(name="child", argv=(sys.executable, "-c", code), env=dict(os.environ), vital=vital)
    return Service(spec, said.append, said.append, restart_delay_s=0.01)


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.02)


def alive(pid: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def test_lines_of_both_streams_are_logged_with_the_name_and_said_when_it_ends() -> None:
    said: list[str] = []
    logged: list[str] = []
    code = "import sys; print('out 输出'); print('err', file=sys.stderr); sys.exit(3)"
    one = Service(service(code, [], vital=True).spec, said.append, logged.append)
    status = asyncio.run(one.keep_running())
    assert status == 3
    assert sorted(logged) == sorted(said) == [" child | err", " child | out 输出"]


def test_lines_of_a_service_that_is_asked_to_stop_are_not_said() -> None:
    async def scenario() -> tuple[list[str], list[str]]:
        said: list[str] = []
        logged: list[str] = []
        code = "import time; print('INFO all is well', flush=True); time.sleep(60)"
        one = Service(service(code, []).spec, said.append, logged.append)
        task = asyncio.create_task(one.keep_running())
        await until(lambda: bool(logged))
        one.request_stop()
        await asyncio.wait_for(task, 10)
        return said, logged

    assert asyncio.run(scenario()) == ([], [" child | INFO all is well"])


def test_a_service_that_dies_is_started_again_and_said_to_be() -> None:
    async def scenario() -> tuple[int, list[str]]:
        said: list[str] = []
        one = service("import sys; sys.exit(7)", said)
        task = asyncio.create_task(one.keep_running())
        await until(lambda: one.starts >= 3)
        one.request_stop()
        await asyncio.wait_for(task, 20)
        return one.starts, said

    starts, said = asyncio.run(scenario())
    assert starts >= 3
    assert said[0] == "child ended with status 7; starting it again in 0.01 s"
    assert said[1].endswith("in 0.02 s")


def test_stopping_while_waiting_to_restart_starts_nothing() -> None:
    async def scenario() -> int:
        said: list[str] = []
        spec = service("raise SystemExit(1)", said).spec
        one = Service(spec, said.append, said.append, restart_delay_s=60.0)
        task = asyncio.create_task(one.keep_running())
        await until(lambda: bool(said))
        one.request_stop()
        await asyncio.wait_for(task, 5)
        return one.starts

    assert asyncio.run(scenario()) == 1


def test_a_stopped_service_ends_and_stays_ended() -> None:
    async def scenario() -> tuple[int, int]:
        said: list[str] = []
        one = service("import time; print('up', flush=True); time.sleep(60)", said)
        task = asyncio.create_task(one.keep_running())
        await until(lambda: bool(said))
        one.request_stop()
        return await asyncio.wait_for(task, 10), one.starts

    assert asyncio.run(scenario()) == (-15, 1)


def test_a_kill_reaches_what_the_service_started() -> None:
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)"
    )

    async def scenario() -> int:
        said: list[str] = []
        one = service(code, said)
        task = asyncio.create_task(one.keep_running())
        await until(lambda: bool(said))
        one.request_stop()  # ignored
        await asyncio.sleep(0.2)
        assert one.pid is not None
        one.kill()
        await asyncio.wait_for(task, 10)
        return int(said[0].split("|")[1])

    grandchild = asyncio.run(scenario())
    deadline = time.monotonic() + 10
    while alive(grandchild) and time.monotonic() < deadline:
        if zombie(grandchild):
            break
        time.sleep(0.05)
    assert not alive(grandchild) or zombie(grandchild)


def zombie(pid: int) -> bool:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return True
    return fields.rsplit(")", 1)[1].split()[0] == "Z"
