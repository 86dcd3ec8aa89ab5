"""A client of a running Fathom: `Fathom` waits, `AsyncFathom` is awaited; both give typed replies.

    with Fathom("http://127.0.0.1:8000", key="fth_…") as fathom:
        answer = fathom.ask("Which port is the default?", ["handbook"])
        print(answer.text, [citation.quote for citation in answer.citations])

It loads no model and no database. Failures are `FathomFailure`, with the server's code and hint.
"""

from app.client.asynchronous import AsyncFathom
from app.client.failures import FathomFailure
from app.client.streaming import AnswerEvent
from app.client.synchronous import Fathom

__all__ = ["AnswerEvent", "AsyncFathom", "Fathom", "FathomFailure"]
