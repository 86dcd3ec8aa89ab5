"""The path of a question: search, compress, generate, attribute, check, keep.

Each step tells `emit` what happens (`meta`, `token`, `citation`, `replace`, `done`), so that REST, the
command line and evaluation show or measure the same answer. Knows nothing of HTTP or of threads.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from app.composition.runtime import Runtime
from app.db import answers as answer_rows
from app.db.types import new_id, utc_now
from app.services import searching
from app.services.citations import AnswerSpan, unsupported
from app.services.draft import Citation, Draft, SourcesWithdrawnError
from app.services.provenance import Kept
from app.services.reading import source_passage
from app.services.refusal import Reason, refusal
from app.services.scope import RankingChoice, Scope, scope_of
from generator.types import Generated, Request, Token, Waiting
from retrieval.decomposition import sub_questions
from retrieval.follow_up import Turn
from retrieval.types import Context, ContextPassage, Retrieved

Emit = Callable[[str, dict[str, Any]], None]
StopReason = Callable[[], str | None]

NOTHING_FOUND = Context(passages=(), tokens_before=0, tokens_after=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to answer, as asked.

    Attributes:
        collections: Ids or names.
        history: Earlier turns of the conversation, oldest first.
        k: Passages to read; None for the collection's or the server's value.
        temperature: None for the server's value.
        choice: What this answer's retrieval does its own way.
        allow: Chunk ids that may be read, or None for all.
        weights: How much passages count, by chunk id: 1 where none is given, 0 leaves the passage unread.
        answer_from: Least confidence to answer at all; None for the model's own.
        conversation: The caller's id of the conversation, by which its answers can be deleted.
    """

    collections: tuple[str, ...]
    question: str
    history: tuple[Turn, ...] = ()
    k: int | None = None
    temperature: float | None = None
    choice: RankingChoice = field(default_factory=RankingChoice)
    allow: frozenset[int] | None = None
    weights: Mapping[int, float] = field(default_factory=dict)
    answer_from: float | None = None
    conversation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A question that was accepted: checked, numbered, its collections found.

    Attributes:
        standalone_question: What is searched and answered where the question leans on earlier turns, else None.
    """

    id: str
    question: str
    standalone_question: str | None = None
    scope: Scope
    k: int
    temperature: float
    seed: int = 0
    allow: frozenset[int] | None = None
    weights: Mapping[int, float] = field(default_factory=dict)
    answer_from: float | None = None
    conversation: str | None = None
    created_at: str = field(default_factory=lambda: utc_now().isoformat().replace("+00:00", "Z"))

    @property
    def understood(self) -> str:
        """The question to search and to answer."""
        return self.standalone_question or self.question

    @property
    def head(self) -> dict[str, Any]:
        """What is known of the answer before it is made."""
        return {
            "id": self.id,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "collections": list(self.scope.ids),
            "created_at": self.created_at,
        }

    @property
    def request(self) -> dict[str, Any]:
        """What is stored about the request, defaults filled in."""
        weights = {"weights": {str(chunk): weight for chunk, weight in self.weights.items()}}
        standalone = {"standalone_question": self.standalone_question}
        return {
            "k": self.k,
            "temperature": self.temperature,
            "seed": self.seed,
            **self.scope.described,
            **(weights if self.weights else {}),
            **(standalone if self.standalone_question else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An answer and what it was made from; the last two for those who measure.

    Attributes:
        read: Chunks that it was made from, with their documents.
        provenance: What is kept of where its tokens come from; None where nothing was taken from documents.
    """

    answer: dict[str, Any]
    read: Sequence[tuple[int, str]] = ()
    provenance: Kept | None = None
    retrieved: Retrieved | None = None
    generated: Generated | None = None


def accept(runtime: Runtime, ask: Ask) -> Pending:
    """Check a question and find its collections, before anything costs time.

    Raises:
        InvalidInputError: The question, or one of the history, is empty or too long.
        CollectionNotFoundError: A collection does not exist.
    """
    question = searching.checked_text(ask.question, runtime.settings.limits.max_question_chars, "question")
    scope = scope_of(runtime, ask.collections).chosen(ask.choice)
    temperature = runtime.settings.answers.temperature if ask.temperature is None else ask.temperature
    return Pending(
        id=new_id("ans"),
        question=question,
        standalone_question=searching.understood(runtime, question, ask.history),
        scope=scope,
        k=ask.k or scope.k,
        temperature=temperature,
        allow=ask.allow,
        weights=ask.weights,
        answer_from=ask.answer_from,
        conversation=ask.conversation,
    )


def note(runtime: Runtime, pending: Pending) -> None:
    """Keep the accepted question, so that its answer can be asked for while it is made."""
    with runtime.db.write() as session:
        answer_rows.add(
            session,
            pending.id,
            pending.question,
            pending.scope.ids,
            pending.request,
            pending.conversation,
        )


def produce(runtime: Runtime, pending: Pending, emit: Emit, stop_reason: StopReason) -> Outcome:
    """Answer an accepted question.

    Args:
        runtime: Models, indexes and database.
        pending: From `accept`.
        emit: Told each event with its data, in order; the last is `done`, with the answer and its provenance.
        stop_reason: Asked between steps; anything but None ends the work, and the answer is "cancelled".

    Returns:
        The answer as the wire knows it, and what it came from.

    Raises:
        QuoteMismatchError: A citation would not have equalled the stored text.
    """
    return _Run(runtime, pending, emit, stop_reason).answer()


class _Run:
    """One run of the path; holds what its steps hand on."""

    def __init__(self, runtime: Runtime, pending: Pending, emit: Emit, stop_reason: StopReason) -> None:
        self._runtime = runtime
        self._pending = pending
        self._emit = emit
        self._stop_reason = stop_reason
        self._began = time.perf_counter()
        self._timings: dict[str, float] = {}
        self._retrieved: Retrieved | None = None
        self._generated: Generated | None = None
        self._model = ""
        self._draft = Draft(runtime.db, ())

    def answer(self) -> Outcome:
        self._emit("meta", self._pending.head)
        if self._pending.scope.chunks == 0:
            return self._refuse("empty_collection")
        if not self._stop_reason():
            self._search()
        if self._stop_reason():
            return self._stopped()
        passages = self._passages
        if not passages:
            return self._refuse("no_passages")
        try:
            if not self._generate(passages):
                return self._stopped()
            return self._finish()
        except SourcesWithdrawnError:
            return self._refuse("sources_withdrawn")

    @property
    def _context(self) -> Context:
        return self._retrieved.context if self._retrieved else NOTHING_FOUND

    @property
    def _passages(self) -> Sequence[ContextPassage]:
        """What is read: a weight of 0 removes a passage before anybody sees it."""
        return [item for item in self._context.passages if self._weight(item) > 0]

    def _weight(self, item: ContextPassage) -> float:
        return self._pending.weights.get(item.passage.chunk_id, 1.0)

    def _search(self) -> None:
        pending = self._pending
        with suppress(searching.SearchGivenUpError):  # what stopped it is asked next
            self._retrieved = searching.retrieve(
                self._runtime, pending.scope, pending.understood, pending.k,
                allow=pending.allow, has_left=self._stop_reason,
            )  # fmt: skip
        if self._retrieved is None:
            return
        self._timings.update(searching.stage_times(self._retrieved.timings_ms))
        self._draft = Draft(self._runtime.db, self._passages)

    def _generate(self, passages: Sequence[ContextPassage]) -> bool:
        """Run the generator to its end; False where the work was stopped.

        Raises:
            RuntimeError: It ended without a result, which its protocol forbids.
        """
        started = time.perf_counter()
        generator = self._runtime.generator  # loads it where this is the first question of the process
        self._model = generator.model_id
        self._timings["load"] = _ms_since(started)
        around = self._runtime.passages.surroundings([item.passage.chunk_id for item in passages])
        request = Request(
            question=self._pending.understood,
            parts=sub_questions(self._pending.understood),
            passages=[
                source_passage(item, rank, self._weight(item), around.get(item.passage.chunk_id))
                for rank, item in enumerate(passages, start=1)
            ],
            max_new_tokens=self._runtime.settings.max_new_tokens,
            temperature=self._pending.temperature,
            seed=self._pending.seed,
            answer_from=self._pending.answer_from,
            translated=searching.translated(self._runtime, self._pending.understood, passages),
        )
        started = time.perf_counter()
        events = generator.stream(request)
        try:
            for event in events:
                if self._stop_reason():
                    return False
                if not isinstance(event, Waiting):
                    self._take(event, started)
        finally:
            # closing its iterator is how work on an answer ends early
            getattr(events, "close", lambda: None)()
        if self._generated is None:
            raise RuntimeError(f"generator {self._model} ended its stream without a result")
        return True

    def _take(self, event: Token | Generated, started: float) -> None:
        self._timings.setdefault("first_token", _ms_since(self._began))
        if isinstance(event, Generated):
            parts = event.timings_ms
            self._timings["fuse"] = parts.get("read", 0.0) + parts.get("fuse", 0.0)
            self._timings["generate"] = _ms_since(started)
            self._generated = event
            return
        self._emit("token", {"text": event.text, "kind": event.ink.value})
        for citation in self._draft.write(event):
            self._emit("citation", citation)

    def _finish(self) -> Outcome:
        generated, draft = self._generated, self._draft
        if generated is None or not generated.answerable or not generated.text.strip():
            return self._refuse("not_in_documents")
        spans, citations = draft.settle(generated.text, generated.spans)
        sent = draft.citations_sent
        if generated.text != draft.text:
            shown = {"text": generated.text, "spans": [asdict(span) for span in spans]}
            self._emit("replace", shown)
            sent = 0
        for citation in citations[sent:]:
            self._emit("citation", citation)
        kept = draft.provenance(generated.text, generated.spans)
        return self._close("done", generated.text, spans=spans, citations=citations, provenance=kept)

    def _stopped(self) -> Outcome:
        """Keep what there is of an answer that somebody stopped."""
        draft = self._draft
        spans, citations = draft.settle(draft.text, draft.spans)
        kept = draft.provenance(draft.text, draft.spans)
        return self._close("cancelled", draft.text, spans=spans, citations=citations, provenance=kept)

    def _refuse(self, reason: Reason) -> Outcome:
        """Say that there is no answer, with the nearest passages."""
        text = refusal(self._pending.question, reason, self._pending.scope.refusal_text)
        if self._draft.text:
            self._emit("replace", {"text": text, "spans": []})
        else:
            self._emit("token", {"text": text, "kind": "written"})
        relevance = self._generated.relevance if self._generated else {}
        evidence = self._generated.evidence if self._generated else ()
        return self._close("done", text, reason=reason, nearest=self._draft.nearest(relevance, evidence))

    def _close(
        self,
        status: str,
        text: str,
        *,
        reason: Reason | None = None,
        spans: Sequence[AnswerSpan] = (),
        citations: Sequence[Citation] = (),
        nearest: Sequence[dict[str, Any]] = (),
        provenance: Kept | None = None,
    ) -> Outcome:
        generated = self._generated
        answered = reason is None and bool(text)
        self._timings["total"] = _ms_since(self._began)
        self._timings.setdefault("first_token", self._timings["total"])
        answer = self._pending.head | {
            "text": text,
            "answerable": answered,
            "reason": reason,
            "confidence": generated.confidence if generated else 0.0,
            "shape": generated.shape if generated and answered else None,
            "phrase": _short_answer(generated) if generated and answered else "",
            "emphasis": _ranges(generated.emphasis) if generated and answered else [],
            "parts": [asdict(part) for part in generated.parts] if generated and answered else [],
            "more": bool(generated and answered and generated.more),
            "spans": [asdict(span) for span in spans],
            "citations": list(citations),
            "unsupported": unsupported(text, citations) if answered else [],
            "nearest": list(nearest),
            "also": self._draft.also(generated.evidence) if generated and answered else [],
            "erased": [],
            "erased_sources": 0,
            "usage": {
                "context_tokens": self._context.tokens_before,
                "compressed_tokens": self._context.tokens_after,
                "generated_tokens": generated.generated_tokens if generated else len(self._draft.spans),
            },
            "timings_ms": {name: round(value, 2) for name, value in self._timings.items()},
            "model": self._model,
            "status": status,
            "error": None,
        }
        read = [(item.passage.chunk_id, item.passage.document_id) for item in self._passages]
        self._emit("done", {"answer": answer, "provenance": provenance, "read": read})
        return Outcome(
            answer=answer, read=read, provenance=provenance, retrieved=self._retrieved, generated=generated
        )


def _short_answer(generated: Generated) -> str:
    """The short answer, where the text says it: a list or steps have none."""
    return generated.phrase if generated.phrase in generated.text else ""


def _ranges(ranges: Sequence[tuple[int, int]]) -> list[dict[str, int]]:
    return [{"answer_start": start, "answer_end": end} for start, end in ranges]


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
