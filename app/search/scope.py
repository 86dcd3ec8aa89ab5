"""Scope of a search: its collections and settings. The request's precede the collections', theirs the server's.

This module searches nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.db import collections as collection_rows
from app.db.engine import Database
from app.errors import InvalidInputError
from app.settings.schema import Settings
from retrieval.config import CompressionConfig, FusionConfig, RetrievalConfig

NO_BUDGET = 1_000_000_000
"""Tokens that no context reaches: compression off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingChoice:
    """Ranking options of a request; None leaves an option to the collections and the server.

    Attributes:
        rerank: Whether a reranker orders the passages.
        compress: Whether sentences are chosen.
        mmr_lambda: Trade-off of maximal marginal relevance; 1 leaves it out.
        max_per_document: Most passages of one document.
        neighbours: Passages on each side that are read with one found.
    """

    rerank: bool | None = None
    compress: bool | None = None
    mmr_lambda: float | None = None
    max_per_document: int | None = None
    neighbours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Collections that are searched together, with the settings that hold for them.

    Attributes:
        chunks: Searchable chunks in all of them.
        refusal_text: Own text of the first collection that has one.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    chunks: int
    k: int
    context_tokens: int
    dense_weight: float
    lexical_weight: float
    rerank: bool
    mmr_lambda: float
    max_per_document: int | None
    neighbours: int
    compress: bool
    refusal_text: str | None

    @property
    def described(self) -> dict[str, Any]:
        """Settings worth keeping beside an answer."""
        left_out = {"ids", "names", "chunks", "k", "refusal_text"}
        kept = {name: value for name, value in asdict(self).items() if name not in left_out}
        return kept | {"collections": list(self.names)}

    def chosen(self, choice: RankingChoice) -> "Scope":
        """The same scope with the ranking options of a request."""
        return replace(self, **{name: value for name, value in asdict(choice).items() if value is not None})


def scope_of(db: Database, settings: Settings, keys: Sequence[str]) -> Scope:
    """Find collections by id or name and settle the settings of a search in them.

    Where several disagree, the wider search holds: more passages, the larger weights and budget, less strict caps.

    Raises:
        CollectionNotFoundError: A collection does not exist.
        InvalidInputError: No collection is named.
    """
    if not keys:
        raise InvalidInputError("no_collection", "No collection is named.", "Name at least one.")
    with db.read() as session:
        rows = []
        for key in dict.fromkeys(keys):
            row = collection_rows.require(session, key)
            rows.append(row)
        rows = list({row.id: row for row in rows}.values())
        stats = collection_rows.stats(session, [row.id for row in rows])
    own = [row.settings for row in rows]
    defaults = settings.retrieval.model_dump() | {"context_tokens": settings.context_tokens}

    def settled(name: str, choose: Callable[[list[Any]], Any] = max) -> Any:
        return choose([_own(settings, name, defaults[name]) for settings in own])

    return Scope(
        ids=tuple(row.id for row in rows),
        names=tuple(row.name for row in rows),
        chunks=sum(item.chunks for item in stats.values()),
        k=settled("k"),
        context_tokens=settled("context_tokens"),
        dense_weight=settled("dense_weight"),
        lexical_weight=settled("lexical_weight"),
        rerank=settled("rerank", any),
        mmr_lambda=settled("mmr_lambda", min),
        max_per_document=settled("max_per_document", _loosest),
        neighbours=settled("neighbours"),
        compress=any(_own(settings, "compress", True) for settings in own),
        refusal_text=next((text for settings in own if (text := settings.get("refusal_text"))), None),
    )


def _own(settings: Mapping[str, Any], name: str, default: Any) -> Any:
    value = settings.get(name)
    return default if value is None else value


def _loosest(caps: Sequence[int | None]) -> int | None:
    given = [cap for cap in caps if cap is not None]
    return max(given) if len(given) == len(caps) else None


def retrieval_config(settings: Settings, scope: Scope) -> RetrievalConfig:
    """The library's settings for a scope."""
    return RetrievalConfig(
        candidates=settings.retrieval.candidates,
        rerank_depth=settings.retrieval.rerank_depth,
        mmr_lambda=scope.mmr_lambda,
        max_per_document=scope.max_per_document,
        neighbours=scope.neighbours,
        fusion=FusionConfig(dense_weight=scope.dense_weight, lexical_weight=scope.lexical_weight),
        compression=CompressionConfig(max_tokens=scope.context_tokens if scope.compress else NO_BUDGET),
    )
