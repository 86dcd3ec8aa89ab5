"""`fathom worker`: takes documents in, until it is interrupted."""

import typer

from app.cli.output import settings_of


def worker(context: typer.Context) -> None:
    """Take in uploaded documents. Several workers may run at once, also on several machines."""
    from app.observability import configure_logging
    from app.runtime import build_runtime
    from app.worker import run_until_signal

    settings = settings_of(context)
    configure_logging(settings)
    run_until_signal(build_runtime(settings))
