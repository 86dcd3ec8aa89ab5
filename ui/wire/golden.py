"""Types of the REST interface's replies about golden questions."""

from typing import Literal, TypedDict


class GoldenQuestion(TypedDict):
    """A question that a collection has to answer, or to refuse."""

    id: str
    question: str
    expected: list[str]
    answerable: bool
    source: Literal["hand", "answer", "feedback"]


class GoldenList(TypedDict):
    """All golden questions of a collection."""

    held_back: bool
    share: float
    items: list[GoldenQuestion]


class GoldenRun(TypedDict):
    """A run of all of them."""

    id: str
    reason: str
    state: Literal["queued", "running", "done", "failed"]
    passed: int
    total: int
    created_at: str


class Verdict(TypedDict):
    """A question of a run."""

    question: str
    passed: bool
    rank: int | None
    found: bool | None
    answered: bool
    said: bool | None


class GoldenReport(TypedDict):
    """A run with its verdicts."""

    state: Literal["queued", "running", "done", "failed"]
    passed: int
    total: int
    reason: str
    created_at: str
    results: list[Verdict]
    newly_failed: list[str]
    newly_passed: list[str]
