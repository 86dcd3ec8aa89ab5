"""What groups of settings have in common, and the group of the queues."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(gt=0)]


class SettingsGroup(BaseModel):
    """Settings under one name; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class QueueSettings(SettingsGroup):
    """How much of each kind of work is done at once, and how much may wait; more is refused with 503."""

    searches: PositiveInt = 2
    """Searches made at the same time."""
    searches_waiting: Annotated[int, Field(ge=0)] = 32
    """Searches that may wait for their turn."""
    fetches: PositiveInt = 4
    """Pages of the web fetched at the same time."""
    fetches_waiting: Annotated[int, Field(ge=0)] = 16
    """Pages that may wait to be fetched."""
    uploads: PositiveInt = 8
    """Upload requests taken in at the same time."""
    uploads_waiting: Annotated[int, Field(ge=0)] = 64
    """Upload requests that may wait; of one that waits nothing is read."""
    exports: PositiveInt = 2
    """Whole texts of documents put together at the same time."""
    exports_waiting: Annotated[int, Field(ge=0)] = 32
    """Whole texts that may wait to be put together."""
