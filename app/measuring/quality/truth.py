"""Where the gold answers stand in the ingested collection, and which chunks hold them.

Maps paragraphs of a question set to the canonical texts of the documents that were made of its articles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.composition.runtime import Runtime
from app.library import collections, documents
from app.measuring.quality.scores import contains_answer, has_han
from app.measuring.questions.datasets import Article, Question, QuestionSet
from app.measuring.questions.locate import ParagraphMap
from retrieval.types import Passage

Place = tuple[str, int, int]
"""A range `[start, end)` of a document's canonical text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Gold data, located in the ingested collection.

    Attributes:
        texts: Canonical text by document id.
        chunks: All live chunks by id.
        document_of: Document id by article position; an article that failed is absent.
    """

    texts: Mapping[str, str]
    chunks: Mapping[int, Passage]
    document_of: Mapping[int, str]
    maps: Mapping[int, ParagraphMap]

    def gold(self, question: Question) -> list[Place]:
        """Places that answer a question; empty where none could be located."""
        return [
            place
            for item in question.evidence
            if (place := self._place(item.article, item.paragraph, item.start, item.end)) is not None
        ]

    def sentences(self, question: Question) -> list[Place]:
        """The sentences around the gold answer; the answer itself if the data gives no sentences."""
        return [
            place
            for item in question.evidence
            if (place := self._place(item.article, item.paragraph, *item.sentence)) is not None
        ]

    def paragraph(self, question: Question, dataset: QuestionSet) -> Place | None:
        """The whole gold paragraph of a question."""
        text = dataset.articles[question.article].paragraphs[question.paragraph]
        return self._place(question.article, question.paragraph, 0, len(text))

    def covering(self, places: Sequence[Place]) -> frozenset[int]:
        """Chunks whose range covers one of the places whole."""
        return frozenset(
            key
            for key, chunk in self.chunks.items()
            if any(covers((chunk.document_id, chunk.start, chunk.end), place) for place in places)
        )

    def without_answer(self, question: Question, dataset: QuestionSet) -> frozenset[int]:
        """Chunks that are left when everything that answers a question is taken out of the collection."""
        home = self.paragraph(question, dataset)
        banned = [*self.gold(question), *([home] if home else [])]
        by_character = has_han(question.text)
        return frozenset(
            key
            for key, chunk in self.chunks.items()
            if not any(overlap((chunk.document_id, chunk.start, chunk.end), place) for place in banned)
            and not contains_answer(chunk.text, question.answers, by_character=by_character)
        )

    def _place(self, article: int, paragraph: int, start: int, end: int) -> Place | None:
        if article not in self.document_of:
            return None
        found = self.maps[article].to_canonical(paragraph, start, end)
        return None if found is None else (self.document_of[article], *found)


def covers(outer: Place, inner: Place) -> bool:
    """Whether one place holds another whole."""
    return outer[0] == inner[0] and outer[1] <= inner[1] and inner[2] <= outer[2]


def overlap(left: Place, right: Place) -> bool:
    """Whether two places share a character."""
    return left[0] == right[0] and left[1] < right[2] and right[1] < left[2]


def read_truth(
    runtime: Runtime, collection_id: str, names: Sequence[str], articles: Sequence[Article]
) -> Truth:
    """Read the ingested collection back.

    Args:
        runtime: The runtime.
        collection_id: The temporary collection.
        names: Document name by article position.
        articles: What the documents were written from.
    """
    texts: dict[str, str] = {}
    document_of: dict[int, str] = {}
    served = documents.served_texts(runtime.db, collection_id, names)
    for position, name in enumerate(names):
        if name in served:
            document_id, text = served[name]
            document_of[position] = document_id
            texts[document_id] = text
    live = collections.chunk_ids(runtime.db, collection_id)
    return Truth(
        texts=texts,
        chunks=runtime.passages.passages(live),
        document_of=document_of,
        maps={
            position: ParagraphMap(texts[document], articles[position].paragraphs)
            for position, document in document_of.items()
        },
    )
