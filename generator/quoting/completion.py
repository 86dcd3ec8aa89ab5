"""Completion of a language model: pieces of text, then the reason of its end."""

from collections.abc import Generator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ended:
    """The completion is over.

    Attributes:
        reason: `stop`, `length`, or what else the model's server says; empty where it says nothing.
        tokens: Tokens that were generated, where that is known.
    """

    reason: str
    tokens: int | None


Completion = Generator[str | Ended | None, None, None]
"""Pieces of text, None whenever nothing came for a moment, at last `Ended`; closing it ends the work at once."""
