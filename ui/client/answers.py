"""Calls about outdated answers and certificates; part of the client of the pages."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from ui.client.connection import Connection, segment
from ui.sse import ServerEvent
from ui.wire import AnswerCounts, Change, Review


class AnswerCalls(Connection):
    """Ask again, count outdated answers, review them, and certify answers."""

    @contextmanager
    def ask_again(self, answer_id: str) -> Iterator[Iterator[ServerEvent | None]]:
        """Ask the question of a stored answer again, and read the new answer as it is written."""
        path = f"/v1/answers/{segment(answer_id)}/again"
        with self._events("POST", path, json={"stream": True}) as events:
            yield events

    def certificate(self, answer_id: str) -> bytes:
        """The certificate of an answer, as the bytes of its file."""
        return self._send("GET", f"/v1/answers/{segment(answer_id)}/certificate").content

    def answer_counts(self, collection_id: str) -> AnswerCounts:
        """Number of answers from a collection, and of the outdated ones."""
        path = f"/v1/collections/{segment(collection_id)}/answers"
        return cast("AnswerCounts", self._json("GET", path))

    def start_review(self, collection_id: str) -> Review:
        """Ask all outdated answers from a collection again."""
        path = f"/v1/collections/{segment(collection_id)}/reviews"
        return cast("Review", self._json("POST", path))

    def reviews(self, collection_id: str) -> list[Review]:
        """The newest review of a collection, if there is one."""
        path = f"/v1/collections/{segment(collection_id)}/reviews"
        return cast("list[Review]", self._json("GET", path, params={"limit": 1})["items"])

    def review(self, review_id: str) -> Review:
        """A review with its progress."""
        return cast("Review", self._json("GET", f"/v1/reviews/{segment(review_id)}"))

    def review_changes(self, review_id: str, *, limit: int) -> list[Change]:
        """Answers that say something else now, old and new."""
        path = f"/v1/reviews/{segment(review_id)}/changes"
        return cast("list[Change]", self._json("GET", path, params={"limit": limit})["items"])

    def cancel_review(self, review_id: str) -> None:
        """Cancel a review; the new answers stay."""
        self._json("DELETE", f"/v1/reviews/{segment(review_id)}")
