"""Search in one or several collections: hits with their documents, or the context for an answer.

One collection is searched with its own indexes, several are searched as if they were one (`union.py`).
This module knows nothing of answers or of HTTP.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from app import tracing
from app.audit.recording import LOCAL
from app.db import golden
from app.db.filters import Filter
from app.db.sources import DocumentName, document_names
from app.errors import InvalidInputError
from app.indexes.shadow import searched_vectors
from app.indexes.union import UnionWords
from app.safety.types import Finder, Match
from app.search import auditing
from app.search.auditing import Searched
from app.search.filtering import filter_of
from app.search.masking import hidden_document, passable, screen_question
from app.search.parts import SearchParts
from app.search.scope import RankingChoice, Scope, retrieval_config, scope_of
from generator.types import SourcePassage
from retrieval.follow_up import Turn, standalone_question
from retrieval.index.across_languages import AcrossLanguages
from retrieval.index.translation import Translated, crosses, translated_words
from retrieval.pipeline import RetrievalPipeline
from retrieval.protocols import LexicalIndex, Scorer, VectorIndex
from retrieval.types import Context, ContextPassage, Passage, Query, Retrieved

HasLeft = Callable[[], object]
"""True (or a reason) where nobody waits for a result any more; asked between stages."""

RETRIEVE_STAGES = ("dense", "lexical", "fuse", "passages", "mmr", "neighbours")


class SearchGivenUpError(Exception):
    """Nobody waits for the result any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """Hits with the passages and documents to show them, by chunk id.

    Attributes:
        standalone_query: What was searched where the query leans on earlier turns, else None.
    """

    query: str
    standalone_query: str | None
    retrieved: Retrieved
    passages: Mapping[int, Passage]
    documents: Mapping[int, DocumentName]


def checked_text(text: str, limit: int, what: str) -> str:
    """Strip a question or query, and refuse an empty or overlong one.

    Args:
        text: As typed.
        limit: Most characters.
        what: "question" or "query", for the message.

    Raises:
        InvalidInputError: Nothing is left, more than `limit` characters, or half of one.
    """
    stripped = text.strip().replace("\x00", "")
    if not any(character.isalnum() for character in stripped):
        raise InvalidInputError(
            "empty_question", f"The {what} holds no letter and no digit.", "Write what you want to know."
        )
    if any(
        "\ud800" <= character <= "\udfff" for character in stripped
    ):  # bytes of a terminal that are no text
        raise InvalidInputError(
            "question_not_text", f"The {what} is not valid Unicode.", "Type it in a terminal that uses UTF-8."
        )
    if len(stripped) > limit:
        raise InvalidInputError(
            "question_too_long",
            f"The {what} has {len(stripped):,} characters; {limit:,} are allowed.",
            "Ask for one thing in a few sentences; put longer text into a document and ask about it.",
        )
    return stripped


def understood(question: str, history: Sequence[Turn], limit: int) -> str | None:
    """A follow-up question rewritten to stand alone; None if it stands alone already.

    One that would become longer than a question may be is taken as it is.

    Args:
        question: Checked text.
        history: Earlier turns, oldest first.
        limit: Most characters of a question.

    Raises:
        InvalidInputError: A question of the history is empty or too long.
    """
    for turn in history:
        checked_text(turn.question, limit, "question of an earlier turn")
    standalone = standalone_question(question, history)
    return None if standalone == question or len(standalone) > limit else standalone


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadQuestion:
    """A question as it is searched, answered, shown and stored: with its masks.

    Attributes:
        standalone: The question made to stand alone where it leans on earlier turns, else None.
        matches: Findings of the content filter.
        blocked: Whether it is refused for them.
    """

    text: str
    standalone: str | None
    matches: Sequence[Match]
    blocked: bool


def read_question(asked: str, history: Sequence[Turn], limit: int, finders: Sequence[Finder]) -> ReadQuestion:
    """Look through a question, and make it stand alone.

    Args:
        asked: Checked text.
        history: Earlier turns, oldest first.
        limit: Most characters of a question.
        finders: Of incoming texts.

    Raises:
        InvalidInputError: A question of the history is empty or too long.
    """
    looked = screen_question(asked, finders)
    standalone = None if looked.blocked else understood(looked.text, history, limit)
    whole = screen_question(standalone, finders) if standalone else looked
    return ReadQuestion(
        text=looked.text,
        standalone=whole.text if standalone and not whole.blocked else None,
        matches=whole.matches,
        blocked=whole.blocked,
    )


def search(  # noqa: PLR0913 - options of a request, by name
    parts: SearchParts,
    keys: Sequence[str],
    text: str,
    *,
    history: Sequence[Turn] = (),
    k: int | None = None,
    choice: RankingChoice | None = None,
    wanted: Mapping[str, Any] | None = None,
    actor: str = LOCAL,
    has_left: HasLeft | None = None,
) -> SearchResult:
    """Find passages for a query; passages with blocked words are left out.

    Args:
        parts: Models, indexes and database.
        keys: Ids or names of collections.
        text: What to look for.
        history: Earlier turns of the conversation, oldest first.
        k: Hits wanted; None for the collection's or the server's value.
        choice: What this search does its own way.
        wanted: Filter of documents, as `filter_of` reads it; None for all.
        actor: Who searches, for the audit trail.
        has_left: Asked between stages; True gives the search up.

    Raises:
        InvalidInputError: The query is empty, too long or blocked, no collection is named, or the filter is none.
        CollectionNotFoundError: A collection does not exist.
        SearchGivenUpError: As `has_left` said.
    """
    began = time.perf_counter()
    finders, limit = parts.finders(), parts.settings.limits.max_question_chars
    asked = checked_text(text, limit, "query")
    scope = scope_of(parts.db, parts.settings, keys).chosen(choice or RankingChoice())
    documents_wanted = filter_of(wanted) if wanted else None
    query = read_question(asked, history, limit, finders.incoming)
    searched = Searched(actor=actor, asked=asked, question=query.matches, began=began)
    if query.blocked:
        auditing.record(parts, scope, searched)
        _refuse_blocked()
    retrieved = retrieve(
        parts, scope, query.standalone or query.text, k or scope.k, wanted=documents_wanted, has_left=has_left
    )
    found = [hit.chunk_id for hit in retrieved.hits]
    with parts.db.read() as session:
        documents = document_names(session, found)
    passages = parts.passages.passages(found)
    shown, matches = passable(passages, finders)
    hits = [(key, documents[key].id) for key in found if key in shown and key in documents]
    auditing.record(parts, scope, replace(searched, passages=matches, hits=hits))
    return SearchResult(
        query=query.text,
        standalone_query=query.standalone,
        retrieved=retrieved,
        passages=shown,
        documents={key: hidden_document(document, finders.outgoing) for key, document in documents.items()},
    )


def _refuse_blocked() -> NoReturn:
    raise InvalidInputError(
        "question_filtered",
        "The query holds words that the content filter of this server blocks.",
        "Ask without them; `fathom lexicons list` shows the lists to whoever runs the server.",
    )


def retrieve(
    parts: SearchParts,
    scope: Scope,
    question: str,
    k: int,
    *,
    allow: frozenset[int] | None = None,
    wanted: Filter | None = None,
    has_left: HasLeft | None = None,
    shadow: bool = False,
) -> Retrieved:
    """Run the retrieval path over a scope.

    Args:
        parts: Models, indexes and database.
        scope: What to search, and how; without a chunk the result is empty, and no model is loaded.
        question: Checked text.
        k: Hits wanted.
        allow: Chunk ids that may be found, or None for all.
        wanted: Filter of documents, or None for all.
        has_left: Asked between stages; True gives the search up.
        shadow: Whether vectors are searched that golden questions have not released yet.

    Raises:
        SearchGivenUpError: As `has_left` said.
    """

    def go_on() -> None:
        if has_left is not None and has_left():
            raise SearchGivenUpError

    if wanted is not None and scope.chunks:
        left = parts.filtered.of(parts.db, scope.ids, wanted)
        allow = left if allow is None else allow & left
    if scope.chunks == 0 or (allow is not None and not allow):
        return Retrieved(
            hits=(), context=Context(passages=(), tokens_before=0, tokens_after=0), stages={}, timings_ms={}
        )
    indexes = [parts.collection_index(key) for key in scope.ids]
    lexical: LexicalIndex = (
        indexes[0].lexical if len(indexes) == 1 else UnionWords([index.lexical for index in indexes])
    )
    held_back = not shadow and _held_back(parts, scope)
    pipeline = RetrievalPipeline(
        parts.embedder,
        _across_languages(searched_vectors(indexes, held_back=held_back), parts.language_direction),
        lexical,
        parts.passages,
        parts.count_tokens,
        retrieval_config(parts.settings, scope),
        _scorer(parts) if scope.rerank else None,
        sentence_vectors=parts.sentence_vectors,
    )
    query = Query(text=question, k=k, allow=allow)
    if not tracing.is_on():
        return pipeline.retrieve(query, go_on)
    with tracing.span("search") as traced:
        found = pipeline.retrieve(query, go_on, lambda name, s: tracing.stage_of(f"search.{name}", s))
        traced.set(collections=scope.ids, k=k, hits=len(found.hits))
    return found


def _held_back(parts: SearchParts, scope: Scope) -> bool:
    """Whether golden questions of a collection have not released the encoder in use."""
    with parts.db.read() as session:
        return bool(golden.held_back(session, parts.embedder.model_id, scope.ids))


def translated(parts: SearchParts, question: str, passages: Sequence[ContextPassage]) -> Sequence[Translated]:
    """Words of a question with their translations, where any of the passages is in the other language; else none."""
    if not crosses(question, (item.passage.text for item in passages)):
        return ()
    return translated_words(question, parts.words)


def stage_times(timings_ms: Mapping[str, float]) -> dict[str, float]:
    """Retrieval's times under the names of the wire: its fusion belongs to `retrieve`."""
    times = {name: timings_ms[name] for name in ("embed", "rerank", "compress") if name in timings_ms}
    times["retrieve"] = sum(timings_ms.get(name, 0.0) for name in RETRIEVE_STAGES)
    return times | {name: timings_ms[name] for name in ("dense", "lexical") if name in timings_ms}


def _across_languages(vectors: VectorIndex, direction: NDArray[np.float32] | None) -> VectorIndex:
    return vectors if direction is None else AcrossLanguages(vectors, direction)


def _scorer(parts: SearchParts) -> Scorer:
    """The configured cross-encoder, or the generator's own relevance head."""
    if (reranker := parts.reranker) is not None:
        return reranker

    def score(question: str, passages: Sequence[Passage]) -> Sequence[float]:
        given = [SourcePassage(key=str(passage.chunk_id), text=passage.text) for passage in passages]
        return parts.generator.relevance(question, given)

    return score


def as_wire(result: SearchResult) -> dict[str, Any]:
    """A search as every face of the program gives it."""
    context = result.retrieved.context
    read = {item.passage.chunk_id: item for item in context.passages}
    hits = []
    for rank, hit in enumerate(result.retrieved.hits, 1):
        passage, document = result.passages.get(hit.chunk_id), result.documents.get(hit.chunk_id)
        if passage is None or document is None:
            continue  # deleted since it was found
        kept = read[hit.chunk_id].kept if hit.chunk_id in read else ()
        hits.append(
            {
                "rank": rank,
                "score": hit.score,
                "scores": dict(hit.scores),
                "chunk_id": hit.chunk_id,
                "document": asdict(document),
                "page": passage.page,
                "heading_path": list(passage.heading_path),
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
                "kept": [{"start": start, "end": end} for start, end in kept],
            }
        )
    return {
        "query": result.query,
        "standalone_query": result.standalone_query,
        "hits": hits,
        "stages": {name: [hit.chunk_id for hit in found] for name, found in result.retrieved.stages.items()},
        "tokens_before": context.tokens_before,
        "tokens_after": context.tokens_after,
        "timings_ms": {name: round(value, 2) for name, value in result.retrieved.timings_ms.items()},
    }
