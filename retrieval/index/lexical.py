"""BM25 by tantivy over terms that `analysis` makes; in a folder of its own, or in memory.

The folder is a cache: where it is damaged, or was made with other term rules, it is emptied, and `seq` says
0, so that the caller adds everything again.
"""

import hashlib
import logging
import math
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import tantivy

from retrieval.config import LexicalConfig
from retrieval.errors import CorruptIndexError
from retrieval.index.analysis import Terms, analyse, analyse_question, asks_in_chinese, is_chinese_text
from retrieval.index.crossing import crossed_query
from retrieval.index.lexical_folder import (
    empty_folder,
    own_folder,
    read_state,
    removed_count,
    verify_folder,
    write_state,
    writing,
)
from retrieval.index.vectors import as_ids
from retrieval.index.word_list import WordList

_log = logging.getLogger(__name__)

# A filter of more ids than this is applied to the results instead of inside the query.
_MAX_ID_TERMS = 4_096
MAX_QUERY_TERMS = 192
"""Longest query, in distinct terms per field; a longer query is cut to its rarest terms."""
WRITER_HEAP_BYTES = 30_000_000
"""Memory of the writer before it flushes a segment; tantivy wants 15 MB or more."""
COMMON = math.log(2)
"""Rarity of a word that half of the texts have."""


class TantivyIndex:
    """Lexical index of one collection; safe to use from many threads of one process.

    Args:
        path: Folder that this object owns until `close`, or None to keep the index in memory.
        config: Weights.
        words: What words are called in the other language, or None: then only names and commands cross.

    Raises:
        IndexLockedError: Another process (or object) owns the folder.
        IndexWriteError: The folder can't be written.
    """

    def __init__(
        self, path: Path | None = None, config: LexicalConfig | None = None, words: WordList | None = None
    ) -> None:
        self._path = path
        self._words = words
        self._config = config or LexicalConfig()
        self._schema = _schema()
        self._write_lock = threading.Lock()
        self._writer: tantivy.IndexWriter | None = None
        self._owner: IO[str] | None = None
        self._seq = 0
        if path is None:
            self._index = tantivy.Index(self._schema)
        else:
            with writing(path):
                path.mkdir(parents=True, exist_ok=True)
                self._owner = own_folder(path)
            try:
                self._index = self._open(path)
            except BaseException:
                self._owner.close()
                raise
        self._searcher = self._index.searcher()

    @property
    def in_memory(self) -> bool:
        """Whether it has no folder."""
        return self._path is None

    def __len__(self) -> int:
        """Number of live texts, as of the last commit."""
        return int(self._searcher.num_docs)

    @property
    def seq(self) -> int:
        """Number of the last database change that a commit includes; 0 for a fresh index."""
        return self._seq

    def ids(self) -> list[int]:
        """Ids of all live texts, as of the last commit, in no order."""
        return list(self.digests())

    def digests(self) -> dict[int, int]:
        """Digest (`text_digest`) of each live text by id, as of the last commit, for an audit."""
        searcher = self._searcher
        everything = tantivy.Query.all_query()
        hits = searcher.search(everything, max(1, int(searcher.num_docs)), count=False).hits
        addresses = [address for _, address in hits]
        ids = searcher.fast_field_values("id", addresses)
        digests = searcher.fast_field_values("digest", addresses)
        return dict(zip(ids, digests, strict=True))  # type: ignore[arg-type]

    def add(self, ids: Sequence[int], texts: Sequence[str]) -> None:
        """Insert or replace texts; visible to `search` after `commit`.

        Raises:
            IndexWriteError: The folder can't be written; the index is of no more use for writing.
        """
        labels = as_ids(ids, len(texts)).tolist()
        documents = [(label, _document(label, text)) for label, text in zip(labels, texts, strict=True)]
        with self._write_lock, writing(self._path):
            writer = self._open_writer()
            for label, document in documents:
                writer.delete_documents_by_term("id", label)
                writer.add_document(document)

    def remove(self, ids: Sequence[int]) -> None:
        """Remove ids; unknown ids are ignored; visible after `commit`.

        Raises:
            IndexWriteError: The folder can't be written; the index is of no more use for writing.
        """
        with self._write_lock, writing(self._path):
            writer = self._open_writer()
            for label in ids:
                writer.delete_documents_by_term("id", int(label))

    @property
    def holds_removed(self) -> bool:
        """Whether files still hold words of texts that were removed: tantivy only marks these."""
        return self._path is not None and removed_count(self._path) > 0

    def commit(self, seq: int | None = None) -> None:
        """Make changes visible and durable.

        Args:
            seq: Last database change that the index now contains. It is written after the index itself, so
                that it
                never promises too much.

        Raises:
            IndexWriteError: The folder can't be written; the index is of no more use for writing.
        """
        with self._write_lock, writing(self._path):
            if self._writer is not None:
                self._writer.commit()
            self._index.reload()
            self._searcher = self._index.searcher()
            self._seq = self._seq if seq is None else seq
            if self._path is not None:
                write_state(self._path, self._seq)

    def search(self, query: str, k: int, allow: frozenset[int] | None = None) -> list[tuple[int, float]]:
        """Best `(id, score)` of the texts that share a term with `query`, best first.

        The score is BM25 as a share of what a text of mean length gets that has each term of the query once: 1 for
        such a text, more where terms stand often or in little else (about 2.2 at most), little where the rare terms,
        or those that no text has, are missing. Of a text in another language than the question it is the share of
        what can stand there (`retrieval.index.crossing`), where that is more. Where more than half of the texts have
        even the rarest word of the question, all scores are lower by as much: then meaning has to decide.

        Args:
            query: Text; none of its characters has a special meaning.
            k: How many at most.
            allow: Ids to choose from, or None for all.
        """
        searcher = self._searcher
        live = int(searcher.num_docs)
        if live == 0 or k <= 0 or (allow is not None and not allow):
            return []
        terms = analyse_question(query)
        best: dict[int, float] = {}
        if weighed := self._weighed(searcher, terms):
            whole = sum(boost * _rarity(searcher, name, term) for name, term, boost in weighed)
            found = self._found(searcher, self._any_of(weighed), k, allow)
            best = {label: score / whole for label, score in found}
        other = int(not asks_in_chinese(query))
        if searcher.doc_freq("chinese", other):
            for label, share in self._crossed(searcher, terms, other, k, allow):
                # a page of code counts as English, and may have the question's Chinese words in its heading
                best[label] = max(share, best.get(label, 0.0))
        telling = self._telling(searcher, terms)
        best = {label: telling * score for label, score in best.items()}
        return sorted(best.items(), key=lambda hit: (-hit[1], hit[0]))[:k]

    def _telling(self, searcher: tantivy.Searcher, terms: Terms) -> float:
        """How well the words of a question discriminate between texts, in (0, 1]: little if most texts have all."""
        words = terms.words or terms.grams
        rarest = max(
            (_rarity(searcher, "words" if terms.words else "grams", word) for word in words), default=0.0
        )
        return min(1.0, rarest / COMMON) or 1.0

    def _crossed(
        self, searcher: tantivy.Searcher, terms: Terms, chinese: int, k: int, allow: frozenset[int] | None
    ) -> list[tuple[int, float]]:
        """Best `(id, share)` of the texts in another language than the question's."""

        def rarity(term: str) -> float | None:
            having = searcher.doc_freq("words", term)
            return _rarity(searcher, "words", term) if having else None

        asked = self._rarest(searcher, "words", terms.words)
        rarest = _rarity(searcher, "words", "")
        wanted, whole = crossed_query(self._schema, asked, self._words, rarity, rarest)
        if wanted is None:
            return []
        only = tantivy.Query.term_query(self._schema, "chinese", chinese)
        free = tantivy.Query.const_score_query(only, 0.0)
        both = tantivy.Query.boolean_query([(tantivy.Occur.Must, wanted), (tantivy.Occur.Must, free)])
        return [(label, score / whole) for label, score in self._found(searcher, both, k, allow)]

    def _found(
        self, searcher: tantivy.Searcher, wanted: tantivy.Query, k: int, allow: frozenset[int] | None
    ) -> list[tuple[int, float]]:
        """Best `(id, BM25 score)` of the texts allowed."""
        live = int(searcher.num_docs)
        if allow is None:
            return self._top(searcher, wanted, min(k, live))
        if len(allow) <= _MAX_ID_TERMS:
            only = tantivy.Query.term_set_query(self._schema, "id", sorted(allow))
            free = tantivy.Query.const_score_query(only, 0.0)
            must = [(tantivy.Occur.Must, wanted), (tantivy.Occur.Must, free)]
            return self._top(searcher, tantivy.Query.boolean_query(must), min(k, live))
        return self._top_allowed(searcher, wanted, k, allow)

    def close(self) -> None:
        """Finish background work and give the folder back; changes without a commit are dropped."""
        with self._write_lock:
            try:
                if self._writer is not None:
                    self._writer.rollback()
                    self._writer.wait_merging_threads()
            except ValueError:
                # tantivy's word for missing files: somebody removed the folder, so there is nothing to give up.
                _log.info("lexical index was removed while it was open", extra={"path": str(self._path)})
            finally:
                self._writer = None
                if self._owner is not None:
                    self._owner.close()
                    self._owner = None

    def _top(self, searcher: tantivy.Searcher, query: tantivy.Query, limit: int) -> list[tuple[int, float]]:
        hits = searcher.search(query, limit, count=False).hits
        ids = searcher.fast_field_values("id", [address for _, address in hits])
        scored = [
            (int(label), float(score))
            for label, (score, _) in zip(ids, hits, strict=True)
            if label is not None
        ]
        return sorted(scored, key=lambda hit: (-hit[1], hit[0]))

    def _top_allowed(
        self,
        searcher: tantivy.Searcher,
        query: tantivy.Query,
        k: int,
        allow: frozenset[int],
    ) -> list[tuple[int, float]]:
        """Filter results, taking more of them until there are enough or no more."""
        live = int(searcher.num_docs)
        limit = min(live, 2 * k * max(1, live // len(allow)) + 16)
        while True:
            hits = self._top(searcher, query, limit)
            kept = [hit for hit in hits if hit[0] in allow][:k]
            if len(kept) == k or len(hits) < limit or limit == live:
                return kept
            limit = min(live, 4 * limit)

    def _weighed(self, searcher: tantivy.Searcher, terms: Terms) -> list[tuple[str, str, float]]:
        """Field, term and weight of all that a question asks for."""
        fields = (("words", terms.words, 1.0), ("grams", terms.grams, self._config.gram_boost))
        return [
            (name, term, boost)
            for name, found, boost in fields
            if boost
            for term in self._rarest(searcher, name, found)
        ]

    def _any_of(self, terms: Sequence[tuple[str, str, float]]) -> tantivy.Query:
        clauses = []
        for name, term, boost in terms:
            query = tantivy.Query.term_query(self._schema, name, term, "freq")
            clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(query, boost)))
        return tantivy.Query.boolean_query(clauses)

    def _rarest(self, searcher: tantivy.Searcher, name: str, terms: list[str]) -> list[str]:
        if len(terms) <= MAX_QUERY_TERMS:
            return terms
        counted = [(searcher.doc_freq(name, term), term) for term in terms]
        known = sorted((count, place) for place, (count, _) in enumerate(counted) if count)
        return [terms[place] for _, place in known[:MAX_QUERY_TERMS]]

    def _open_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
        return self._writer

    def _open(self, path: Path) -> tantivy.Index:
        try:
            seq = read_state(path)
            verify_folder(path)
            index = tantivy.Index(self._schema, path=str(path), reuse=True)
            index.searcher()
        except (CorruptIndexError, OSError, ValueError) as error:
            _log.warning("lexical index is rebuilt", extra={"path": str(path), "reason": str(error)})
            with writing(path):
                empty_folder(path)
                return tantivy.Index(self._schema, path=str(path), reuse=False)
        self._seq = seq
        return index


def _rarity(searcher: tantivy.Searcher, field: str, term: str) -> float:
    """Inverse document frequency, as tantivy's BM25 has it where no text was removed."""
    having = searcher.doc_freq(field, term)
    # removed texts count in the frequency of a term until their segment is merged, in the number of texts no more
    return math.log(1 + (max(searcher.num_docs, having) - having + 0.5) / (having + 0.5))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    # Signed: with an unsigned field, tantivy-py's deletion by term finds nothing.
    builder.add_integer_field("id", indexed=True, fast=True)
    # The terms do not lead back to the text, so a text that is not the stored one is known by this alone.
    builder.add_integer_field("digest", fast=True)
    # Which language most of the text is in: a question's words mean nothing in the other one.
    builder.add_integer_field("chinese", indexed=True)
    # Terms come folded and stemmed, so that splitting at blanks is all that is left to do.
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("grams", tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def text_digest(text: str) -> int:
    """64 bits of the BLAKE2b hash of a text, signed; lone surrogates, which no file holds, count as such."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _document(label: int, text: str) -> tantivy.Document:
    terms = analyse(text)
    document = tantivy.Document()
    document.add_integer("id", label)
    document.add_integer("digest", text_digest(text))
    document.add_integer("chinese", int(is_chinese_text(text)))
    document.add_text("words", " ".join(terms.words))
    document.add_text("grams", " ".join(terms.grams))
    return document
