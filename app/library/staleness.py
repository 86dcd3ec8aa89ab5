"""Marks of answers whose sources changed or went, in the transaction that changes or deletes them.

An answer stands on ranges of a document version. Where the new version says the same there, the range moves along;
where it does not, the answer is outdated. The unit of comparison is the sentence on its line, white space apart: a
sentence that stands once in both versions is the same wherever it moved, and one that is short, or that stands more
than once, is the same only behind the same sentence.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection as AnyCollection
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.db import answer_ranges as rows
from ingestion.sentences import split_sentences

SHORT = 24
"""Characters below which a sentence may stand in a document by chance."""

Range = tuple[int, int]


def moved(old: str, new: str, ranges: Sequence[Range]) -> list[Range | None]:
    """Ranges of the new version of a text that say the same as some ranges of the old one.

    Args:
        old: Canonical text of the version that is replaced.
        new: Canonical text of the version that takes its place.
        ranges: `[start, end)` in `old`.

    Returns:
        A range of `new` for each, in order; None where `new` does not say the same there.
    """
    before, after = _Text(old), _Text(new)
    return [_moved(before, after, start, end) for start, end in ranges]


def source_changed(session: Session, document_id: str, old: str | None, new: str, version_id: str) -> None:
    """Mark the answers that stand on ranges which a new version of a document says otherwise.

    Args:
        session: The session that publishes the version.
        document_id: The document.
        old: Canonical text of the version before; None where nobody knows it, and then all of it has changed.
        new: Canonical text of the new version.
        version_id: The new version.
    """
    found = rows.of_document(session, document_id)
    if not found:
        return
    ranges = [(item.start, item.end) for item in found]
    places = [None] * len(found) if old is None else moved(old, new, ranges)
    kept = {item.id: place for item, place in zip(found, places, strict=True) if place is not None}
    rows.move(session, kept, version_id)
    changed = [item for item in found if item.id not in kept]
    rows.set_changed(session, [item.id for item in changed])
    rows.mark(session, {item.answer_id for item in changed}, rows.SOURCE_CHANGED)


def source_gone(session: Session, document_ids: AnyCollection[str]) -> None:
    """Mark the answers that stand on documents which are deleted in this transaction."""
    rows.mark(session, rows.remove(session, document_ids), rows.SOURCE_GONE)


def range_withdrawn(session: Session, document_id: str, start: int, end: int) -> None:
    """Mark the answers that stand on a range of a document which is not to be used any more."""
    touched = {
        item.answer_id
        for item in rows.of_document(session, document_id)
        if item.start < end and start < item.end
    }
    rows.mark(session, touched, rows.SOURCE_CHANGED)


def source_in_bin(session: Session, document_ids: AnyCollection[str]) -> None:
    """Mark the answers that stand on documents which go to the bin; the ranges stay, for the case that they return."""
    rows.mark(session, rows.answers_on(session, document_ids), rows.SOURCE_GONE)


def source_restored(session: Session, document_ids: AnyCollection[str]) -> None:
    """Take the mark off answers whose sources are all there again."""
    rows.unmark_whole(session, rows.answers_on(session, document_ids))


def text_erased(session: Session, answer_ids: AnyCollection[str], *, gone: bool) -> None:
    """Mark answers that lost words to a deletion (`gone`) or to a new version."""
    rows.mark(session, answer_ids, rows.SOURCE_GONE if gone else rows.SOURCE_CHANGED)


def note(session: Session, answer_id: str, stands_on: AnyCollection[tuple[int, str, int, int]]) -> None:
    """Note the ranges that an answer stands on, as it is stored; sources that went meanwhile mark it at once.

    Args:
        session: The session that stores it; the chunks that are there stay until its commit.
        answer_id: The answer.
        stands_on: Chunk, document, and range of the document's canonical text.
    """
    versions = rows.versions_of(session, {chunk for chunk, _, _, _ in stands_on})
    kept = [
        (document, versions[chunk], start, end)
        for chunk, document, start, end in sorted(stands_on)
        if chunk in versions
    ]
    rows.add(session, answer_id, list(dict.fromkeys(kept)))
    missed = {document for chunk, document, _, _ in stands_on if chunk not in versions}
    if missed:
        gone = missed - rows.there(session, missed)
        rows.mark(session, [answer_id], rows.SOURCE_GONE if gone else rows.SOURCE_CHANGED)


class _Text:
    """A text in sentences: their ranges, their words with single spaces, and the places of equal ones."""

    def __init__(self, text: str) -> None:
        self.spans = list(_sentences(text))
        self.words = [" ".join(text[start:end].split()) for start, end in self.spans]
        self.ends = [end for _, end in self.spans]
        self.text = text
        self._places: dict[str, list[int]] = defaultdict(list)
        for number, words in enumerate(self.words):
            self._places[words].append(number)

    def runs(self, words: Sequence[str]) -> list[int]:
        """Numbers of the sentences at which these sentences begin, one behind the other."""
        places = self._places.get(words[0], ())
        return [at for at in places if self.words[at : at + len(words)] == words]

    def before(self, number: int) -> str:
        return self.words[number - 1] if number else ""


def _sentences(text: str) -> list[Range]:
    """Sentences, none of which goes beyond its line."""
    found: list[Range] = []
    at = 0
    for line in text.splitlines(keepends=True):
        found += split_sentences(text, at, at + len(line))
        at += len(line)
    return found


def _moved(before: _Text, after: _Text, start: int, end: int) -> Range | None:
    first = bisect_right(before.ends, start)
    last = first
    while last < len(before.spans) and before.spans[last][0] < end:
        last += 1
    if first == last:
        return (0, 0)  # white space alone: nothing that could change
    said = before.words[first:last]
    at = _same_place(before, after, said, first)
    if at is None:
        return None
    old, new = (
        (before.spans[first][0], before.spans[last - 1][1]),
        (after.spans[at][0], after.spans[at + len(said) - 1][1]),
    )
    if before.text[old[0] : old[1]] != after.text[new[0] : new[1]]:
        return new  # other white space inside: the whole sentences
    by = new[0] - old[0]
    return (max(new[0], start + by), min(new[1], end + by))


def _same_place(before: _Text, after: _Text, said: Sequence[str], first: int) -> int | None:
    """Number of the sentence in the new text at which it says the same, None where it does not."""
    places = after.runs(said)
    if not places:
        return None
    if len(places) == 1 and sum(map(len, said)) >= SHORT and len(before.runs(said)) == 1:
        return places[0]
    context = before.before(first)
    return next((at for at in places if after.before(at) == context), None)
