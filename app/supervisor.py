"""`fathom run`: API, worker and web pages as child processes, started, watched and stopped together.

It knows nothing of models, tables or documents: the children read the same settings, apply the migrations
themselves, and are asked over HTTP whether they are ready.
"""

import asyncio
import contextlib
import importlib.util
import json
import math
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from app.child_process import Service, ServiceSpec
from app.run_output import Say
from app.sample_collection import SampleError, SampleProgress, add_samples, already_added
from app.settings.environment import child_environment
from app.settings.groups import MIB
from app.settings.schema import Settings

PATIENCE_S: Final = 15.0
STOP_GRACE_S: Final = 35.0  # the API gives answers in progress 30 s
_POLL_S: Final = 0.3


class SupervisorError(Exception):
    """Raised if Fathom can't start or continue; the message is one line with the next step."""


def resolve_ports(settings: Settings) -> Settings:
    """Check that both ports are free, and choose free ones where a port is 0.

    Returns:
        The settings with two real ports.

    Raises:
        SupervisorError: A port is taken.
    """
    api = _free_port(settings.host, settings.port, "FATHOM_PORT", "API")
    ui = _free_port(settings.host, settings.ui_port, "FATHOM_UI_PORT", "web pages")
    return settings.model_copy(update={"port": api, "ui_port": ui})


def _free_port(host: str, port: int, variable: str, what: str) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SupervisorError(
                f"port {port} of {host}, for the {what}, can't be used ({error.strerror}): stop what "
                f"uses it, or choose another, as in {variable}={port + 1} make run"
            ) from error
        return int(probe.getsockname()[1])


def service_specs(settings: Settings) -> tuple[ServiceSpec, ...]:
    """The three processes of a Fathom on one machine."""
    env = {**child_environment(settings), "PYTHONUNBUFFERED": "1"}
    fathom = (sys.executable, "-m", "app")
    ui_env = {key: value for key, value in env.items() if not key.startswith("FATHOM_")}
    ui_env |= {"FATHOM_API_URL": api_url(settings), "FATHOM_ALLOWED_HOSTS": json.dumps(settings.served_hosts)}
    return (
        ServiceSpec(name="api", argv=(*fathom, "serve"), env=env, vital=True),
        ServiceSpec(name="worker", argv=(*fathom, "worker"), env=env, after_vital=True),
        ServiceSpec(name="ui", argv=_streamlit(settings), env=ui_env, show_output=False),
    )


def _streamlit(settings: Settings) -> tuple[str, ...]:
    spec = importlib.util.find_spec("ui")
    if spec is None or spec.origin is None:
        raise SupervisorError("the package 'ui' is missing; reinstall fathom")
    # The rest is in ui/.streamlit/config.toml.
    options = {
        "server.address": settings.host,
        "server.port": str(settings.ui_port),
        # Whole MiB, rounded up: between the two limits the API refuses, and no file that it takes is kept back.
        "server.maxUploadSize": str(math.ceil(settings.limits.max_upload_bytes / MIB)),
    }
    main = str(Path(spec.origin).parent / "main.py")
    return (
        sys.executable,
        "-m",
        "streamlit",
        "run",
        main,
        *(f"--{key}={value}" for key, value in options.items()),
    )


def _host(settings: Settings) -> str:
    # 0.0.0.0 is where to listen, not where to call.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def api_url(settings: Settings) -> str:
    """Root of the REST interface, as reached from this machine."""
    return f"http://{_host(settings)}:{settings.port}"


def ui_url(settings: Settings) -> str:
    """Address of the web pages, as reached from this machine."""
    return f"http://{_host(settings)}:{settings.ui_port}"


async def supervise(
    settings: Settings, *, with_samples: bool, say: Say, move: Say, log: Say, key: str | None = None
) -> int:
    """Run Fathom until it is interrupted or its API ends.

    Args:
        settings: Settings with real ports (see `resolve_ports`).
        with_samples: Whether to upload the sample collection if that was never done.
        say: Prints a line for people.
        move: Prints a line in the place of the one that it printed before; an empty one ends that.
        log: Keeps a line that a service printed.
        key: Uploads the samples, where the API wants one.

    Returns:
        0 after SIGINT or SIGTERM, 1 after a failure.
    """
    services = [Service(spec, say, log) for spec in service_specs(settings)]
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():  # asked twice: no more patience
            for service in services:
                service.kill()
        else:
            say("Stopping; once more ends it at once.")
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    api_ready = asyncio.Event()
    running = {
        service.spec.name: asyncio.create_task(_keep_running(service, api_ready)) for service in services
    }
    opening = asyncio.create_task(
        _open(settings, api_ready, key, with_samples=with_samples, say=say, move=move)
    )
    try:
        return await _until_over(stop, running, opening, services, say)
    finally:
        opening.cancel()
        await _stop_all(services, list(running.values()), api_ready, say)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _keep_running(service: Service, api_ready: asyncio.Event) -> int:
    # Both load the same models, and people wait for the API. An API that lacks one still takes documents in.
    if service.spec.after_vital:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(api_ready.wait(), PATIENCE_S)
    return await service.keep_running()


async def _until_over(
    stop: asyncio.Event,
    running: Mapping[str, asyncio.Task[int]],
    opening: asyncio.Task[None],
    services: list[Service],
    say: Say,
) -> int:
    stopped = asyncio.create_task(stop.wait())
    vital = {running[service.spec.name] for service in services if service.spec.vital}
    waiting: set[asyncio.Task[int] | asyncio.Task[None] | asyncio.Task[bool]] = {stopped, opening, *vital}
    while True:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if stopped in done:
            return 0
        stopped_vital = vital & done
        if stopped_vital:
            stopped.cancel()
            status = stopped_vital.pop().result()
            say(f"The API ended with status {status}; its last lines, above, say why. Stopping the rest.")
            return 1
        error = opening.exception()
        if error is not None:
            stopped.cancel()
            say(str(error) or repr(error))
            return 1
        waiting.discard(opening)


async def _stop_all(
    services: list[Service], tasks: list[asyncio.Task[int]], api_ready: asyncio.Event, say: Say
) -> None:
    for service in reversed(services):
        service.request_stop()
    api_ready.set()  # what still waits for it sees that it is not to start
    pending = [task for task in tasks if not task.done()]
    if pending:
        _, pending_set = await asyncio.wait(pending, timeout=STOP_GRACE_S)
        if pending_set:
            names = ", ".join(s.spec.name for s in services if s.pid is not None)
            say(f"{names} did not stop within {STOP_GRACE_S:g} s and was killed")
            for service in services:
                service.kill()
            await asyncio.wait(pending_set, timeout=STOP_GRACE_S)
    say("Stopped.")


async def _open(
    settings: Settings, api_ready: asyncio.Event, key: str | None, *, with_samples: bool, say: Say, move: Say
) -> None:
    started = time.monotonic()
    shown = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=api_url(settings), trust_env=False, headers=shown) as client:
        await _wait_ready(client, "/readyz", "API", say)
        api_ready.set()
        await _wait_ready(client, f"{ui_url(settings)}/_stcore/health", "web pages", say)
        say("")
        say(f"Fathom is ready after {time.monotonic() - started:.1f} s. Ctrl-C stops it.")
        say(f"  Web pages  {ui_url(settings)}")
        say(f"  REST       {api_url(settings)}/v1 (described by {api_url(settings)}/openapi.json)")
        if with_samples and not already_added(settings.home):
            await _add_samples(client, settings, say, move)
        say("  Try        " + example_curl(settings))


async def _add_samples(client: httpx.AsyncClient, settings: Settings, say: Say, move: Say) -> None:
    def show(progress: SampleProgress) -> None:
        failed = f", {progress.failed} failed" if progress.failed else ""
        move(f"  Samples    {progress.ready} of {progress.total} documents can be searched{failed}")

    try:
        await add_samples(client, settings.home, on_progress=show)
    except SampleError as error:  # Fathom works without them
        say(f"  Samples    {error}")
    finally:
        move("")


def example_curl(settings: Settings) -> str:
    """A command that asks the sample collection a question."""
    body = '{"collections": ["samples"], "question": "What is the size of a chunk in JuiceFS?"}'
    shown = "-H 'Authorization: Bearer fth_…' " if settings.mode == "users" else ""
    return f"curl -s {api_url(settings)}/v1/answers {shown}-H 'Content-Type: application/json' -d '{body}'"


async def _wait_ready(client: httpx.AsyncClient, url: str, what: str, say: Say) -> None:
    # Without an end: a slow machine is no failure, a process that ends is one and is seen elsewhere.
    patience = time.monotonic() + PATIENCE_S
    while True:
        reason = "it does not answer"
        with contextlib.suppress(httpx.TransportError):
            response = await client.get(url, timeout=5.0)
            if response.is_success:
                return
            reason = _not_ready_because(response)
        if time.monotonic() > patience:
            say(f"Still waiting for the {what}: {reason}")
            patience = time.monotonic() + PATIENCE_S
        await asyncio.sleep(_POLL_S)


def _not_ready_because(response: httpx.Response) -> str:
    try:
        checks = response.json()["checks"]
        failed = [
            f"{check['name']}: {check['detail']}"
            for check in checks
            if not check["ok"] and check.get("needed", True)
        ]
    except (ValueError, KeyError, TypeError):
        return f"it answers {response.status_code}"
    return "; ".join(failed)
