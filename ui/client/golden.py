"""Calls about golden questions; part of the client of the pages."""

from collections.abc import Sequence
from typing import Any, cast

from ui.client.connection import Connection, segment
from ui.wire.golden import GoldenList, GoldenReport, GoldenRun


class GoldenCalls(Connection):
    """Keep golden questions, ask them, and read their runs."""

    def golden(self, collection_id: str) -> GoldenList:
        """All golden questions of a collection."""
        return cast("GoldenList", self._json("GET", _path(collection_id)))

    def keep_golden(
        self,
        collection_id: str,
        question: str = "",
        *,
        expected: Sequence[str] = (),
        answerable: bool = True,
        answer_id: str | None = None,
    ) -> None:
        """Keep a question with its right answer, or those of a stored answer."""
        body: dict[str, Any] = {"question": question, "expected": list(expected), "answerable": answerable}
        self._json("POST", _path(collection_id), json={"answer_id": answer_id} if answer_id else body)

    def remove_golden(self, collection_id: str, question_id: str) -> None:
        """Delete a question."""
        self._send("DELETE", f"{_path(collection_id)}/{segment(question_id)}")

    def start_golden(self, collection_id: str) -> None:
        """Ask all questions again."""
        self._json("POST", f"{_path(collection_id)}/runs")

    def newest_golden_run(self, collection_id: str) -> GoldenReport | None:
        """The newest run of a collection, if there is one."""
        found = cast(
            "list[GoldenRun]", self._json("GET", f"{_path(collection_id)}/runs", params={"limit": 1})["items"]
        )
        if not found:
            return None
        return cast(
            "GoldenReport", self._json("GET", f"{_path(collection_id)}/runs/{segment(found[0]['id'])}")
        )

    def release_encoder(self, collection_id: str) -> None:
        """Search a collection by the new encoder although its questions have not passed."""
        self._send("POST", f"{_path(collection_id)}/release", json={"force": True})


def _path(collection_id: str) -> str:
    return f"/v1/collections/{segment(collection_id)}/golden"
