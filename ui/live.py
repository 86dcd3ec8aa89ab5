"""An answer while it is written: read in the background, looked at by the page.

Reading does not hang on the page's own runs, so a click elsewhere loses nothing. When the page is gone (it
has not looked for `ABANDONED_S`), the reader hangs up, and the interface stops writing after its grace.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final

from ui.errors import ApiError, ApiUnreachableError, FathomError
from ui.names import with_visible_names
from ui.sse import ServerEvent
from ui.wire import Answer, Citation, Span

ABANDONED_S: Final = 15.0
_RESUMES: Final = 3

Events = AbstractContextManager[Iterator[ServerEvent | None]]


@dataclass(slots=True)
class LiveText:
    """The part of an answer that has arrived; drawn like an answer.

    Attributes:
        ahead: How many answers come before this one while it waits for its turn, else None.
        wait_s: Seconds until that turn, as the interface expects.
    """

    answer_id: str | None = None
    standalone_question: str | None = None
    text: str = ""
    spans: list[Span] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    final: Answer | None = None
    ahead: int | None = None
    wait_s: float = 0.0

    def apply(self, name: str, data: dict[str, Any]) -> None:
        """Apply one event of the stream; unknown events change nothing.

        Raises:
            ApiError: The event says that the answer failed.
        """
        if name == "queue":
            self.answer_id = data.get("id") or self.answer_id
            self.ahead, self.wait_s = int(data.get("ahead") or 0), float(data.get("wait_s") or 0)
        elif name == "meta":
            self.answer_id, self.ahead = data.get("id") or self.answer_id, None
            self.standalone_question = data.get("standalone_question")
        elif name == "token":
            self._append(str(data.get("text", "")), str(data.get("kind") or "written"))
        elif name == "citation":
            self.citations = [c for c in self.citations if c["n"] != data["n"]] + [data]  # type: ignore[list-item]
        elif name == "replace":
            self._replace(data)
        elif name == "done":
            self.final = data.get("answer") or data  # type: ignore[assignment]
        elif name == "error":
            problem = data.get("problem") or data
            raise ApiError(
                status=int(problem.get("status") or 500), code=str(problem.get("code") or "stream_error"),
                title=str(problem.get("title") or ""), detail=str(problem.get("detail") or ""),
                hint=str(problem.get("hint") or ""), request_id=str(problem.get("request_id") or ""),
            )  # fmt: skip

    def _append(self, text: str, kind: str) -> None:
        start = len(self.text)
        self.text += text
        last = self.spans[-1] if self.spans else None
        if last is not None and last["kind"] == kind:
            last["answer_end"] = len(self.text)
        else:
            self.spans.append({"answer_start": start, "answer_end": len(self.text), "kind": kind})

    def _replace(self, data: dict[str, Any]) -> None:
        """Take another text for all that has arrived; its citations come again after it."""
        self.text, self.spans, self.citations = "", [], []
        self._append(str(data.get("text") or ""), "written")
        self.spans = list(data.get("spans") or self.spans)


class LiveAnswer:
    """Reads one answer in a thread of its own.

    Args:
        question: What was asked; empty for an answer that was found running.
        first: Opens the stream.
        again: Opens it once more for `(answer_id, last event id)`, when the connection breaks.
    """

    def __init__(
        self, question: str, first: Callable[[], Events], again: Callable[[str, str | None], Events]
    ) -> None:
        self.question = question
        self.live = LiveText()
        self.error: FathomError | None = None
        self.finished = threading.Event()
        self._first, self._again = first, again
        self._last_id: str | None = None
        self._looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._read, name="fathom-ui-answer", daemon=True)
        self._thread.start()

    def look(self) -> LiveText:
        """The part that has arrived so far; also marks that the reader is still there."""
        self._looked_at = time.monotonic()
        return self.live

    def _read(self) -> None:
        open_stream = self._first
        try:
            for attempt in range(_RESUMES + 1):
                try:
                    self._consume(open_stream())
                    break
                except ApiUnreachableError as error:
                    answer_id = self.live.answer_id
                    if answer_id is None or attempt == _RESUMES:
                        self.error = error
                        break
                    time.sleep(0.5 * (attempt + 1))
                    open_stream = lambda: self._again(str(answer_id), self._last_id)  # noqa: E731, B023 - called at once
        except FathomError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - a thread's error would vanish; the page shows it
            self.error = ApiUnreachableError("the stream", f"{type(error).__name__}: {error}")
        finally:
            self.finished.set()

    def _consume(self, stream: Events) -> None:
        with stream as events:
            for event in events:
                if time.monotonic() - self._looked_at > ABANDONED_S:
                    return
                if event is None:
                    continue
                self._last_id = event.last_id or self._last_id
                self.live.apply(event.name, with_visible_names(json.loads(event.data)))
                if self.live.final is not None:
                    return
        if self.live.final is None and not self.finished.is_set():
            raise ApiUnreachableError("the stream", "it ended before the answer did")
