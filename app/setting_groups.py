"""What groups of settings have in common, and the groups of answers and queues."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]


class SettingsGroup(BaseModel):
    """Settings under one name; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class AnswerSettings(SettingsGroup):
    """Answers and their streams."""

    stream_grace_s: PositiveSeconds = 10.0
    """Seconds an answer goes on after its client left, so that the client may resume."""
    ping_s: PositiveSeconds = 10.0
    """Seconds between comments that keep a silent stream open."""
    max_new_tokens: PositiveInt | None = None
    """Most tokens of one answer; by default 128 of `fathom-small`, 1024 of other models."""
    max_concurrent: PositiveInt = 2
    """Answers generated at the same time; more wait for their turn."""
    max_waiting: Annotated[int, Field(ge=0)] = 12
    """Answers that may wait for their turn; a quarter of the places is never given to one caller alone."""
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    """Sampling temperature when a request names none; 0 takes the most likely."""
    keep_days: PositiveFloat | None = None
    """Days after which stored answers are deleted with their questions; by default they stay until they are deleted."""


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
