"""The worker process: settings to a running worker, and its orderly end."""

from app.composition.runtime import Parts, build_runtime
from app.observability import configure_logging, traced
from app.settings.schema import Settings
from app.worker import run_until_signal


def run_worker(settings: Settings, parts: Parts | None = None) -> int:
    """Work until SIGINT or SIGTERM, then give jobs back and leave; or until a fault stays.

    Args:
        settings: What to work on, and how.
        parts: Other ways to make the heavy parts, for tests.

    Returns:
        The exit code.
    """
    configure_logging(settings)
    with traced(settings, "worker"):
        return run_until_signal(build_runtime(settings, parts))
