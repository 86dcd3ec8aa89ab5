"""Asking one question of an ingested set, both ways: through the whole path, and from the gold paragraph alone.

The path is the one that users take: `answers.run`, the same generator.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.answers import run
from app.answers.accept import Ask, accept
from app.answers.generate import Outcome
from app.composition.runtime import Runtime
from app.measuring.quality.judge import AnswerScore, CitationScore, judge_citations, score_answer
from app.measuring.quality.scores import contains_answer, has_han
from app.measuring.quality.truth import Place, Truth, covers
from app.measuring.questions.datasets import Question, QuestionSet
from app.search import searching
from app.search.scope import retrieval_config, scope_of
from generator.types import Generated, Ink, Request, SourcePassage
from ingestion.sentences import split_sentences
from retrieval.compress import likeness, unit_rows
from retrieval.fusion import fuse
from retrieval.types import Retrieved

STAGES = ("dense", "lexical", "fused", "compressed")
OPTIONAL_STAGES = ("rerank", "mmr", "capped")
"""Between fusion and compression, where the settings ask for them; as deep as the path looks."""
GOLD_MAX_TOKENS = 512
GOLD_MAX_PASSAGES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalOptions:
    """How to measure.

    Attributes:
        k: Passages that an answer reads; None for the configured value.
        drop_gold: Share of the answerable questions that are asked with everything that answers them taken
            away; they count for abstention only.
        retrieval_only: Search and compress, but generate nothing.
        gold: Answer from the gold paragraph too.
        seed: Of the choice for `drop_gold`.
        answer_all: Refuse nothing that can be read: what would have been said is judged, for fitting confidence.
    """

    k: int | None = None
    drop_gold: float = 0.0
    retrieval_only: bool = False
    gold: bool = True
    seed: int = 0
    answer_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How one answer was written.

    Attributes:
        copied: Characters copied from passages.
        written: Characters of its own, white space left out.
        tokens: Pieces generated.
        ms: Time to write them, reading left out.
    """

    copied: int
    written: int
    tokens: int
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """The results of one question.

    Attributes:
        answerable: Whether what it was asked against answers it.
        ranks: 1-based rank of the first right hit by stage, 0 for none; absent where no place is known.
        gold: Answer from the gold paragraph alone.
        retrieved: Answer from the whole path.
        timings_ms: Wall time by stage of the whole path.
        writing: Of the answer from the whole path; None where it refused.
    """

    question: Question
    answerable: bool
    ranks: Mapping[str, int] = field(default_factory=dict)
    gold: AnswerScore | None = None
    retrieved: AnswerScore | None = None
    citations: CitationScore | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    writing: Writing | None = None


class Session:
    """Asks questions of one ingested set."""

    def __init__(
        self, runtime: Runtime, dataset: QuestionSet, truth: Truth, collection_id: str, options: EvalOptions
    ) -> None:
        self._runtime = runtime
        self._dataset = dataset
        self._truth = truth
        self._collection_id = collection_id
        self._options = options
        scope = scope_of(runtime.db, runtime.settings, [collection_id])
        self._fusion = retrieval_config(runtime.settings, scope).fusion
        self.k = options.k or scope.k
        self._answer_from = 0.0 if options.answer_all else None

    def warm_up(self) -> None:
        """Ask once without a note, so that loading the models is not part of anybody's time."""
        self._path(self._dataset.questions[0], None)

    def ask(self, question: Question, *, drop: bool) -> Note:
        """Ask one question both ways."""
        allow = self._truth.without_answer(question, self._dataset) if drop else None
        answerable = question.answerable and not drop
        retrieved, outcome = self._path(question, allow)
        places = self._truth.gold(question) if answerable else []
        note = Note(
            question=question,
            answerable=answerable,
            ranks=self._ranks(retrieved, places) if places else {},
            timings_ms=outcome.answer.timings_ms
            if outcome
            else searching.stage_times(retrieved.timings_ms if retrieved else {}),
        )
        if outcome is None:
            return note
        return replace(
            note,
            gold=self._from_gold(question, drop=drop) if self._options.gold else None,
            retrieved=self._score(question, outcome),
            citations=judge_citations(outcome.answer.citations, question.answers, places, self._truth.texts),
            writing=writing_of(outcome.generated) if outcome.generated else None,
        )

    def _path(
        self, question: Question, allow: frozenset[int] | None
    ) -> tuple[Retrieved | None, Outcome | None]:
        ask = Ask(
            collections=(self._collection_id,),
            question=question.text,
            k=self.k,
            allow=allow,
            answer_from=self._answer_from,
        )
        if self._options.retrieval_only:
            pending = accept(self._runtime, ask)
            found = searching.retrieve(
                self._runtime, pending.scope, pending.question, self.k, allow=pending.allow
            )
            return found, None
        outcome = run.answer(self._runtime, ask)
        return outcome.retrieved, outcome

    def _ranks(self, retrieved: Retrieved | None, places: Sequence[Place]) -> dict[str, int]:
        """Rank of the first hit that covers a gold place, by stage."""
        if retrieved is None:
            return dict.fromkeys(STAGES, 0)
        right = self._truth.covering(places)
        searched = {name: list(retrieved.stages.get(name, ())) for name in ("dense", "lexical")}
        # fused again in full: the pipeline keeps only as many as an answer reads
        ranked = searched | {"fused": fuse(searched, self._fusion)}
        ranked |= {name: list(retrieved.stages[name]) for name in OPTIONAL_STAGES if name in retrieved.stages}
        ranks = {
            name: next((rank for rank, hit in enumerate(hits, 1) if hit.chunk_id in right), 0)
            for name, hits in ranked.items()
        }
        ranks["compressed"] = next(
            (
                rank
                for rank, item in enumerate(retrieved.context.passages, 1)
                if any(
                    covers((item.passage.document_id, start, end), place)
                    for start, end in item.kept
                    for place in places
                )
            ),
            0,
        )
        return ranks

    def _score(self, question: Question, outcome: Outcome) -> AnswerScore:
        generated = outcome.generated
        sentences = [
            self._sentences(citation.document.id, citation.start, citation.end)
            for citation in outcome.answer.citations
        ]
        return score_answer(
            question.answers,
            text=outcome.answer.text if outcome.answer.answerable else "",
            phrase=generated.phrase if generated else "",
            sentences=sentences,
            confidence=outcome.answer.confidence,
            shape=outcome.answer.shape,
            by_character=has_han(question.text),
            signals=generated.signals if generated else None,
        )

    def _sentences(self, document_id: str, start: int, end: int) -> str:
        """Text of the sentences of its document that a range touches."""
        text = self._truth.texts[document_id]
        spans = [
            span
            for chunk in self._truth.chunks.values()
            if chunk.document_id == document_id and chunk.start < end and start < chunk.end
            for span in chunk.sentences
            if span[0] < end and start < span[1]
        ]
        return " ".join(text[left:right] for left, right in spans) or text[start:end]

    def _from_gold(self, question: Question, *, drop: bool) -> AnswerScore | None:
        """Answer from the gold paragraph; for a dropped question from another one, None where there is none."""
        paragraph = self._other_paragraph(question) if drop else self._own_paragraph(question)
        if paragraph is None:
            return None
        request = Request(
            question=question.text,
            passages=self._pieces(question, paragraph),
            max_new_tokens=self._runtime.settings.max_new_tokens,
            answer_from=self._answer_from,
        )
        generated = next(
            event for event in self._runtime.generator.stream(request) if isinstance(event, Generated)
        )
        given = {passage.key: passage for passage in request.passages}
        sentences = [
            " ".join(
                given[span.passage].text[left:right]
                for left, right in given[span.passage].sentences
                if span.start is not None and span.end is not None and left < span.end and span.start < right
            )
            for span in generated.spans
            if span.passage in given
        ]
        return score_answer(
            question.answers,
            text=generated.text if generated.answerable else "",
            phrase=generated.phrase,
            sentences=sentences,
            confidence=generated.confidence,
            shape=generated.shape,
            by_character=has_han(question.text),
            signals=generated.signals,
        )

    def _own_paragraph(self, question: Question) -> str:
        return self._dataset.articles[question.article].paragraphs[question.paragraph]

    def _other_paragraph(self, question: Question) -> str | None:
        own = self._own_paragraph(question)
        return next(
            (
                paragraph
                for paragraph in self._dataset.articles[question.article].paragraphs
                if paragraph != own
                and not contains_answer(paragraph, question.answers, by_character=has_han(question.text))
            ),
            None,
        )

    def _pieces(self, question: Question, paragraph: str) -> list[SourcePassage]:
        """A paragraph as passages of whole sentences within the size that chunks have."""
        pieces = cut(paragraph, self._runtime.count_tokens, GOLD_MAX_TOKENS)
        if len(pieces) > GOLD_MAX_PASSAGES:  # a whole document: what answers comes first
            right = [
                (item.start, item.end)
                for item in question.evidence
                if (item.article, item.paragraph) == (question.article, question.paragraph)
            ]
            pieces.sort(
                key=lambda piece: not any(piece[0] < end and start < piece[1] for start, end in right)
            )
            pieces = pieces[:GOLD_MAX_PASSAGES]
        sentences = [
            [(left - start, right - start) for left, right in split_sentences(paragraph, start, end)]
            for start, end in pieces
        ]
        texts = [paragraph[start:end] for start, end in pieces]
        near = self._likeness(question.text, texts, sentences)
        return [
            SourcePassage(key=str(number), text=text, sentences=spans, likeness=likeness)
            for number, (text, spans, likeness) in enumerate(zip(texts, sentences, near, strict=True))
        ]

    def _likeness(
        self, question: str, texts: Sequence[str], sentences: Sequence[Sequence[tuple[int, int]]]
    ) -> list[Sequence[float]]:
        """Similarity of each sentence to the question, as the whole path gives it to the generator."""
        embedder = self._runtime.embedder
        vectors = []
        for text, spans in zip(texts, sentences, strict=True):
            sums, _ = embedder.sentence_states(text, spans)
            vectors.append(unit_rows(sums))
        return likeness(embedder.embed_queries([question])[0], vectors)


def writing_of(generated: Generated) -> Writing | None:
    """Copied and written characters of a finished answer, and the time to write it; None for a refusal."""
    if not generated.answerable:
        return None
    said = {
        ink: "".join(generated.text[s.answer_start : s.answer_end] for s in generated.spans if s.ink == ink)
        for ink in Ink
    }
    times = generated.timings_ms
    return Writing(
        copied=len(said[Ink.COPIED]),
        written=sum(not character.isspace() for character in said[Ink.WRITTEN]),
        tokens=generated.generated_tokens,
        ms=times.get("total", 0.0) - times.get("read", 0.0),
    )


def cut(text: str, count_tokens: Callable[[str], int], limit: int) -> list[tuple[int, int]]:
    """Cut a text between sentences into ranges of at most `limit` tokens; a longer sentence stays whole."""
    if count_tokens(text) <= limit:
        return [(0, len(text))]
    pieces: list[tuple[int, int]] = []
    for start, end in split_sentences(text):
        if pieces and count_tokens(text[pieces[-1][0] : end]) <= limit:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return pieces
