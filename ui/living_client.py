"""Calls about outdated answers; part of the client of the pages."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast
from urllib.parse import quote

from ui.sse import ServerEvent
from ui.wire import AnswerCounts, Change, Review


class LivingCalls:
    """Ask again, count outdated answers, and review them; the client gives the way to send."""

    _json: Callable[..., Any]
    _events: Callable[..., AbstractContextManager[Iterator[ServerEvent | None]]]

    @contextmanager
    def ask_again(self, answer_id: str) -> Iterator[Iterator[ServerEvent | None]]:
        """Ask the question of a stored answer again, and read the new answer as it is written."""
        path = f"/v1/answers/{quote(answer_id, safe='')}/again"
        with self._events("POST", path, json={"stream": True}) as events:
            yield events

    def answer_counts(self, collection_id: str) -> AnswerCounts:
        """Number of answers from a collection, and of the outdated ones."""
        path = f"/v1/collections/{quote(collection_id, safe='')}/answers"
        return cast("AnswerCounts", self._json("GET", path))

    def start_review(self, collection_id: str) -> Review:
        """Ask all outdated answers from a collection again."""
        path = f"/v1/collections/{quote(collection_id, safe='')}/reviews"
        return cast("Review", self._json("POST", path))

    def reviews(self, collection_id: str) -> list[Review]:
        """The newest review of a collection, if there is one."""
        path = f"/v1/collections/{quote(collection_id, safe='')}/reviews"
        return cast("list[Review]", self._json("GET", path, params={"limit": 1})["items"])

    def review(self, review_id: str) -> Review:
        """A review with its progress."""
        return cast("Review", self._json("GET", f"/v1/reviews/{quote(review_id, safe='')}"))

    def review_changes(self, review_id: str, *, limit: int) -> list[Change]:
        """Answers that say something else now, old and new."""
        path = f"/v1/reviews/{quote(review_id, safe='')}/changes"
        return cast("list[Change]", self._json("GET", path, params={"limit": limit})["items"])

    def cancel_review(self, review_id: str) -> None:
        """Cancel a review; the new answers stay."""
        self._json("DELETE", f"/v1/reviews/{quote(review_id, safe='')}")
