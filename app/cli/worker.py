"""The worker process: settings to a running worker, and its orderly end."""

from app.composition.runtime import build_runtime
from app.observability import configure_logging
from app.settings.schema import Settings
from app.worker import run_until_signal


def run_worker(settings: Settings) -> int:
    """Work until SIGINT or SIGTERM, then give jobs back and leave; or until a fault stays.

    Returns:
        The exit code.
    """
    configure_logging(settings)
    return run_until_signal(build_runtime(settings))
