"""Events of an answer while it is made."""

import json
from dataclasses import dataclass
from typing import Any

from httpx_sse import ServerSentEvent

from app.client.failures import FathomFailure
from app.schemas.answers import AnswerOut


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerEvent:
    """One event of the stream of an answer.

    Attributes:
        name: `queue`, `meta`, `token`, `citation`, `replace` or `done`.
        data: What it carries; docs/rest.md describes it.
        answer: The whole answer, in `done`.
    """

    name: str
    data: dict[str, Any]
    answer: AnswerOut | None = None

    @property
    def text(self) -> str:
        """The next words of the answer; empty in events that bring none."""
        return str(self.data["text"]) if self.name == "token" else ""


def event_of(sent: ServerSentEvent) -> AnswerEvent:
    """An event as it was sent.

    Raises:
        FathomFailure: It tells that the answer failed.
    """
    data = json.loads(sent.data)
    if sent.event == "error":
        problem = data["problem"]
        raise FathomFailure(problem["status"], problem["code"], problem["detail"], problem.get("hint", ""))
    answer = AnswerOut.model_validate(data["answer"]) if sent.event == "done" else None
    return AnswerEvent(name=sent.event, data=data, answer=answer)
