"""A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, on a unix socket only."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class PostgresMissingError(RuntimeError):
    """No PostgreSQL server programs were found."""


def server_programs() -> Path:
    """Folder of `initdb` and `pg_ctl`, the newest version found.

    Raises:
        PostgresMissingError: There is none; on Debian, `apt-get install postgresql` brings it.
    """
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise PostgresMissingError("PostgreSQL's initdb was not found: install postgresql")
    return found[-1].parent


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server while the context lasts.

    Yields:
        An SQLAlchemy URL of the database `postgres`, whose user may create others.
    """
    with restartable_server() as (url, _, _):
        yield url


@contextmanager
def restartable_server(
    *, durable: bool = False
) -> Iterator[tuple[str, Callable[[], None], Callable[[], None]]]:
    """Run a server that may be stopped and started again meanwhile.

    Args:
        durable: Whether commits reach the disk, as in use; without it, tests are faster.

    Yields:
        The URL of `postgres_server`; what kills the server with all its connections, and what starts it again.
    """
    programs = server_programs()
    with tempfile.TemporaryDirectory(prefix="fathom-pg-") as folder:
        home, data = Path(folder), Path(folder) / "data"
        # PostgreSQL refuses to run as root: there it runs as its own system user.
        user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            shutil.chown(home, user)
        initdb = [programs / "initdb", "-D", data, "-A", "trust", "-U", "fathom", "-E", "UTF8", "--no-sync"]
        _as(user, home, [*initdb, "--locale=C.UTF-8"])
        options = f"-c listen_addresses='' -c unix_socket_directories='{home}' -c fsync={'on' if durable else 'off'}"
        control = [programs / "pg_ctl", "-D", data, "-w", "-l", home / "log"]

        def start() -> None:
            _as(user, home, [*control, "-o", options, "start"])

        def kill() -> None:
            _as(user, home, [*control, "-m", "immediate", "stop"])

        start()
        try:
            yield f"postgresql+psycopg://fathom@/postgres?host={home}", kill, start
        finally:
            kill()


def _as(user: str, folder: Path, command: list[str | Path]) -> None:
    argv = [str(part) for part in command]
    other = user if os.geteuid() == 0 else None
    run = subprocess.run(
        argv, cwd=folder, user=other, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if run.returncode:
        raise RuntimeError(f"{argv[0]} failed: {run.stdout}{run.stderr}")
