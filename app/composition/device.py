"""The device that the models are configured to run on."""

from app.errors import UnavailableError
from app.settings.schema import Settings


def check_device(settings: Settings) -> None:
    """Look whether the configured device is there, before a model is loaded onto it.

    Raises:
        UnavailableError: It is a GPU, and torch finds none that it can use.
    """
    # Imported late: torch takes seconds, and a process that loads no model should not wait for it.
    from generator.device import is_missing

    if is_missing(settings.device):
        raise UnavailableError(
            "device_missing",
            f"The models are to run on {settings.device}, and torch finds no GPU that it can use.",
            "Set FATHOM_DEVICE=cpu, or install the driver and the build of torch that belong to the GPU.",
        )
