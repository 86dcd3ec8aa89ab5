"""The path of a question: search, generate, cite; the answer or the refusal at its end.

Each step emits what happens, so that REST, the command line and evaluation show or measure the same answer. It
stores nothing (`run.py` does) and knows nothing of HTTP or of threads.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from app import tracing
from app.answers.accept import Pending
from app.answers.citations import unsupported
from app.answers.dependence import StandsOn, stands_on
from app.answers.draft import Draft, SourcesWithdrawnError
from app.answers.reading import source_passage
from app.answers.refusal import refusal_text
from app.answers.screening import AnswerBlockedError, ScreenedEvents
from app.answers.types import (
    Answer,
    AnswerEvent,
    AnswerPart,
    AnswerRange,
    AnswerSpan,
    AnswerStatus,
    Citation,
    GeneratedText,
    Reason,
    Refusal,
    Replacement,
    Trace,
    Usage,
)
from app.safety.types import Match
from app.search import searching
from app.search.masking import blocks
from app.search.parts import SearchParts
from app.tracing import Traced
from generator.types import Generated, Generator, Request, Token, Waiting
from retrieval.decomposition import sub_questions
from retrieval.types import Context, ContextPassage, Retrieved

Emit = Callable[[AnswerEvent], None]
StopReason = Callable[[], str | None]

NOTHING_FOUND = Context(passages=(), tokens_before=0, tokens_after=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """An answer with its sources; the last two for measurements.

    Attributes:
        read: Chunks that the generator was given, with the ids of their documents.
        trace: Where the tokens come from; None for refusals.
        stands_on: Ranges of documents that it stands on; see `dependence`.
        verdicts: What the content filter found: in the question, in passages that were not read, in what was told.
        retrieved: None where nothing was searched.
        generated: None where the generator was not asked, or did not finish.
    """

    answer: Answer
    read: Sequence[tuple[int, str]] = ()
    trace: Trace | None = None
    stands_on: frozenset[StandsOn] = frozenset()
    verdicts: Mapping[str, Sequence[Match]] = field(default_factory=dict)
    retrieved: Retrieved | None = None
    generated: Generated | None = None


def generate(parts: SearchParts, pending: Pending, emit: Emit, stop_reason: StopReason) -> Outcome:
    """Answer an accepted question.

    Args:
        parts: Models, indexes and database.
        pending: From `accept`.
        emit: Called with each event in order; the first is the head, and none is `Finished`.
        stop_reason: Asked between steps; anything but None ends the work, and the answer is "cancelled".

    Raises:
        QuoteMismatchError: A citation would not have equalled the stored text.
    """
    screen = ScreenedEvents(emit, pending.finders.outgoing)
    walk = _Generation(parts=parts, pending=pending, emit=emit, screen=screen, stop_reason=stop_reason)
    return walk.outcome()


@dataclass(slots=True)
class _Clock:
    """Milliseconds by stage, and since the work began."""

    began: float = field(default_factory=time.perf_counter)
    stages: dict[str, float] = field(default_factory=dict)

    def elapsed(self) -> float:
        return _ms_since(self.began)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """Intermediate results of the answer, as far as the path has come."""

    draft: Draft
    retrieved: Retrieved | None = None
    passages: Sequence[ContextPassage] = ()
    blocked: Sequence[Match] = ()
    model: str = ""
    generated: Generated | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Generation:
    """One walk along the path."""

    parts: SearchParts
    pending: Pending
    emit: Emit
    screen: ScreenedEvents
    stop_reason: StopReason
    clock: _Clock = field(default_factory=_Clock)

    def outcome(self) -> Outcome:
        self.emit(self.pending.head)
        material = _Material(draft=Draft(self.parts.db, ()))
        if self.pending.blocked:
            return self._refuse(material, "question_filtered")
        if self.pending.scope.chunks == 0:
            return self._refuse(material, "empty_collection")
        if not self.stop_reason():
            material = self._search(material)
        if self.stop_reason():
            return self._cancel(material)
        if not material.passages:
            return self._refuse(material, "no_passages")
        generator = self._generator()
        material = replace(material, model=generator.model_id)
        try:
            material = replace(material, generated=self._generate(generator, material))
            return self._finish(material) if material.generated else self._cancel(material)
        except SourcesWithdrawnError:
            return self._refuse(material, "sources_withdrawn")
        except AnswerBlockedError:
            return self._refuse(replace(material, generated=None), "answer_filtered")

    def _search(self, material: _Material) -> _Material:
        pending = self.pending
        with suppress(searching.SearchGivenUpError):  # the stop reason is asked next
            retrieved = searching.retrieve(
                self.parts, pending.scope, pending.understood, pending.k,
                allow=pending.allow, wanted=pending.filter, has_left=self.stop_reason, shadow=pending.shadow,
            )  # fmt: skip
            self.clock.stages.update(searching.stage_times(retrieved.timings_ms))
            # a weight of 0 removes a passage before anything reads it
            found = [item for item in retrieved.context.passages if self._weight(item) > 0]
            blocked = {
                item.passage.chunk_id: blocks(item.passage.text, pending.finders.incoming) for item in found
            }
            passages = [item for item in found if not blocked[item.passage.chunk_id]]
            return replace(
                material,
                retrieved=retrieved,
                passages=passages,
                blocked=[match for matches in blocked.values() for match in matches],
                draft=Draft(self.parts.db, passages),
            )
        return material

    def _weight(self, item: ContextPassage) -> float:
        return self.pending.weights.get(item.passage.chunk_id, 1.0)

    def _generator(self) -> Generator:
        started = time.perf_counter()
        generator = self.parts.generator  # loaded by the first question of the process
        self.clock.stages["load"] = _ms_since(started)
        tracing.stage_of("answer.load", self.clock.stages["load"] / 1000)
        return generator

    def _request(self, passages: Sequence[ContextPassage]) -> Request:
        around = self.parts.passages.surroundings([item.passage.chunk_id for item in passages])
        return Request(
            question=self.pending.understood,
            parts=sub_questions(self.pending.understood),
            passages=[
                source_passage(item, rank, self._weight(item), around.get(item.passage.chunk_id))
                for rank, item in enumerate(passages, start=1)
            ],
            max_new_tokens=self.parts.settings.max_new_tokens,
            temperature=self.pending.temperature,
            seed=self.pending.seed,
            answer_from=self.pending.answer_from,
            translated=searching.translated(self.parts, self.pending.understood, passages),
        )

    def _generate(self, generator: Generator, material: _Material) -> Generated | None:
        """Run the generator to its end; None where the work was stopped.

        Raises:
            RuntimeError: It ended without a result, which its protocol forbids.
        """
        request = self._request(material.passages)
        with tracing.span("answer.generate") as traced:
            traced.set(model=material.model, passages=len(material.passages))
            return self._run(generator, request, material, traced)

    def _run(
        self, generator: Generator, request: Request, material: _Material, traced: Traced
    ) -> Generated | None:
        started = time.perf_counter()
        events = generator.stream(request)
        generated: Generated | None = None
        try:
            for event in events:
                if self.stop_reason():
                    return None
                if isinstance(event, Waiting):
                    continue
                if "first_token" not in self.clock.stages:
                    self.clock.stages["first_token"] = self.clock.elapsed()
                    traced.event("first_token")
                if isinstance(event, Generated):
                    generated = event
                    self.clock.stages["fuse"] = _reading_ms(generated)
                    self.clock.stages["generate"] = _ms_since(started)
                    traced.set(
                        tokens=event.generated_tokens,
                        **{f"{name}_ms": spent for name, spent in event.timings_ms.items()},
                    )
                else:
                    self._write(event, material.draft)
        finally:
            # closing its iterator is how work on an answer ends early
            getattr(events, "close", lambda: None)()
        if generated is None:
            raise RuntimeError(f"generator {material.model} ended its stream without a result")
        return generated

    def _write(self, token: Token, draft: Draft) -> None:
        self.screen(GeneratedText(text=token.text, kind=token.ink.value))
        for citation in draft.write(token):
            self.screen(citation)

    def _finish(self, material: _Material) -> Outcome:
        generated, draft = material.generated, material.draft
        if generated is None or not generated.answerable or not generated.text.strip():
            return self._refuse(material, "not_in_documents")
        spans, citations = draft.settle(generated.text, generated.spans)
        sent = draft.citations_sent
        if generated.text != draft.text:
            self.screen(Replacement(text=generated.text, spans=tuple(spans)))
            sent = 0
        for citation in citations[sent:]:
            self.screen(citation)
        self.screen.finish()
        trace = draft.trace(generated.text, generated.spans)
        return self._close(material, "done", generated.text, spans=spans, citations=citations, trace=trace)

    def _cancel(self, material: _Material) -> Outcome:
        """Close a stopped answer with the text that it has."""
        draft = material.draft
        spans, citations = draft.settle(draft.text, draft.spans)
        self.screen.finish()
        trace = draft.trace(draft.text, draft.spans)
        return self._close(material, "cancelled", draft.text, spans=spans, citations=citations, trace=trace)

    def _refuse(self, material: _Material, reason: Reason) -> Outcome:
        """Close without an answer, with the nearest passages."""
        text = refusal_text(self.pending.question, reason, self.pending.scope.refusal_text)
        self.emit(Replacement(text=text) if material.draft.text else GeneratedText(text=text, kind="written"))
        relevance = material.generated.relevance if material.generated else {}
        evidence = material.generated.evidence if material.generated else ()
        withheld = reason in {"question_filtered", "answer_filtered"}
        nearest = () if withheld else tuple(material.draft.nearest(relevance, evidence))
        refusal = Refusal(reason=reason, text=text, nearest=nearest)
        return self._close(material, "done", refusal.text, refusal=refusal)

    def _close(
        self,
        material: _Material,
        status: AnswerStatus,
        text: str,
        *,
        refusal: Refusal | None = None,
        spans: Sequence[AnswerSpan] = (),
        citations: Sequence[Citation] = (),
        trace: Trace | None = None,
    ) -> Outcome:
        generated, stages = material.generated, self.clock.stages
        answered = refusal is None and bool(text)
        result = generated if answered else None
        stages["total"] = self.clock.elapsed()
        stages.setdefault("first_token", stages["total"])
        head = self.pending.head
        answer = Answer(
            id=head.id,
            question=head.question,
            standalone_question=head.standalone_question,
            collections=head.collections,
            created_at=head.created_at,
            text=text,
            answerable=answered,
            reason=refusal.reason if refusal else None,
            confidence=generated.confidence if generated else 0.0,
            shape=result.shape if result else None,
            phrase=_short_answer(result) if result else "",
            emphasis=_ranges(result.emphasis) if result else (),
            parts=_parts(result) if result else (),
            more=bool(result and result.more),
            spans=tuple(spans),
            citations=tuple(citations),
            unsupported=tuple(unsupported(text, citations)) if answered else (),
            nearest=refusal.nearest if refusal else (),
            also=tuple(material.draft.alternatives(result.evidence)) if result else (),
            usage=_usage(material),
            timings_ms={name: round(value, 2) for name, value in stages.items()},
            model=material.model,
            status=status,
        )
        return Outcome(
            answer=self.screen.screened_answer(answer),
            stands_on=stands_on(answer, trace, material.passages),
            read=[(item.passage.chunk_id, item.passage.document_id) for item in material.passages],
            trace=trace,
            verdicts={
                "question": self.pending.found,
                "passages": material.blocked,
                "output": self.screen.matches,
            },
            retrieved=material.retrieved,
            generated=generated,
        )


def _usage(material: _Material) -> Usage:
    context = material.retrieved.context if material.retrieved else NOTHING_FOUND
    generated = material.generated
    return Usage(
        context_tokens=context.tokens_before,
        compressed_tokens=context.tokens_after,
        generated_tokens=generated.generated_tokens if generated else len(material.draft.spans),
    )


def _short_answer(generated: Generated) -> str:
    """The short answer, where the text says it: a list or steps have none."""
    return generated.phrase if generated.phrase in generated.text else ""


def _ranges(ranges: Sequence[tuple[int, int]]) -> tuple[AnswerRange, ...]:
    return tuple(AnswerRange(answer_start=start, answer_end=end) for start, end in ranges)


def _parts(generated: Generated) -> tuple[AnswerPart, ...]:
    return tuple(
        AnswerPart(answer_start=part.answer_start, answer_end=part.answer_end, kind=part.kind)
        for part in generated.parts
    )


def _reading_ms(generated: Generated) -> float:
    """Milliseconds that the generator read and fused the passages."""
    return generated.timings_ms.get("read", 0.0) + generated.timings_ms.get("fuse", 0.0)


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
