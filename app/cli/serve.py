"""The web server around the application: its socket, its signals, its orderly end."""

import signal
import socket
from types import FrameType

import uvicorn

from app.composition.runtime import Parts, build_runtime
from app.errors import UnavailableError
from app.identity import people
from app.main import create_app
from app.observability import configure_logging, traced
from app.settings.schema import Settings

GRACEFUL_STOP_S = 30
FIRST_KEY = "The owner's key, shown this once: {}\nIf it gets lost, `fathom keys create owner` makes another."


class _Server(uvicorn.Server):
    """Reports "not ready" as soon as a stop is requested."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the base class's
        state = getattr(self.config.app, "state", None)
        if state is not None:
            state.draining = True
        # Not handed to the base class, which would end the process by the signal instead of with 0.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def run_server(settings: Settings, parts: Parts | None = None) -> int:
    """Serve until SIGINT or SIGTERM.

    Args:
        settings: Host, port and all the rest; port 0 takes a free one.
        parts: Other ways to make the heavy parts, for tests.

    Returns:
        The exit code.

    Raises:
        UnavailableError: The address is taken or not of this machine.
        ConflictError: The home folder's files belong to another database.
    """
    configure_logging(settings)
    listener = _listen(settings.host, settings.port)
    # Opened here: what is wrong with it is one line to whoever started this, not the trace of a web server.
    runtime = build_runtime(settings, parts)
    if settings.mode == "users" and (owner := people.first_owner(runtime.db)) is not None:
        print(FIRST_KEY.format(owner.text), flush=True)
    config = uvicorn.Config(
        create_app(settings, parts, lambda: runtime),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_STOP_S,
        timeout_keep_alive=5,
    )
    server = _Server(config)
    with traced(settings, "api"):
        server.run(sockets=[listener])
    return 0 if server.started else 1


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UnavailableError(
            "address_in_use",
            f"Can't listen on {host}:{port}: {error.strerror}.",
            "Stop the program that uses the port, or choose another with FATHOM_PORT or --port.",
        ) from error
    listener.set_inheritable(True)
    return listener
