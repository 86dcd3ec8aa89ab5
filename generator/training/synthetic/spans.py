"""What a made question asks for: a range of a text, and the kind of thing that stands there."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What is asked for."""

    WHEN = "when"
    HOW_MANY = "how many"
    WHO = "who"
    WHERE = "where"
    WHICH = "which"
    WHAT = "what"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its answer.

    Attributes:
        answers: Ranges of the text that was asked about, the best first; any of them answers.
    """

    question: str
    answers: tuple[tuple[int, int], ...]
    kind: Kind
