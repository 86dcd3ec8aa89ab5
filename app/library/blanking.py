"""Removal of the text of deleted documents from an answer; the question and the words of other documents stay.

Pure functions. A copied run goes with its document. What the model wrote goes too where the document was cited, since
nobody can tell how much of it is the document's; where the document was only read, it goes if it says a stretch of
the document word for word. A new version of a document takes away what it does not say itself.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.languages import language_of

Kind = Literal["kept", "blank"]
ERASED = "erased"
"""Kind of the span that stands where words were taken out."""
NOTES = {"en": "[Deleted: its source was deleted.]", "zh": "[已删除：其来源已被删除。]"}
_EMPTY: Mapping[str, Any] = {
    "text": "", "reason": None, "phrase": "", "emphasis": [], "parts": [], "spans": [], "citations": [],
    "unsupported": [], "nearest": [], "also": [],
}  # fmt: skip
"""Values of fields that answers of earlier programs lack."""
SHARED = 16
"""Characters in a row that count as copied from a document if it has them too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A document whose text is gone, all of it or except for the text of its new version.

    Attributes:
        text: What it said; None where nobody knows any more: then all that was made from it goes.
        now: What its new version says; None where the document is deleted.
        title: Title of the new version.
    """

    text: str | None
    now: str | None = None
    title: str = ""

    def has_taken(self, said: str) -> bool:
        """Whether a text that the document said is gone with it."""
        return self.now is None or said.strip() not in self.now


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the old text and where it, or the note in its place, stands in the new one."""

    start: int
    end: int
    to: int
    to_end: int
    kind: Kind


def blanked(given: Mapping[str, Any], gone: Mapping[str, Gone]) -> dict[str, Any]:
    """The answer without the text of documents that are gone; equal to the answer where it held none.

    Args:
        given: As the REST interface gives it.
        gone: By id of the document.

    Returns:
        A new answer. `erased` has the ranges of the notes in its text, `erased_sources` the number of documents
        whose words were taken out of it, over all times that it was blanked.
    """
    answer = {**_EMPTY, **given}
    cited = {span["document"] for span in answer["spans"] if _has_gone(_said(answer, span), span, gone)}
    text, pieces = _rewritten(answer, gone, tainted=bool(cited))
    taken = cited | {
        one["document"]["id"]
        for name in ("citations", "nearest", "also")
        for one in answer[name]
        if _is_taken(one, gone)
    }
    spans = [
        _moved(span, pieces)
        for span in answer["spans"]
        if _is_kept(span, pieces) and not _has_gone(_said(answer, span), span, gone)
    ]
    notes = [
        {"answer_start": piece.to, "answer_end": piece.to_end} for piece in pieces if piece.kind == "blank"
    ]
    erased = [
        note | {"kind": ERASED, "chunk": None, "document": None, "start": None, "end": None} for note in notes
    ]
    if not taken:  # written words of documents that were read only
        taken = {key for key, document in gone.items() if _is_said(answer, document)}
    told = {
        "text": text,
        "phrase": _phrase(answer, text, pieces),
        "emphasis": [_moved(one, pieces) for one in answer["emphasis"] if _is_kept(one, pieces)],
        "parts": list(_parts(answer["parts"], pieces)),
        "spans": sorted([*spans, *erased], key=lambda span: span["answer_start"]),
        "citations": [
            _moved(_with_title(_in_context(one, gone), gone), pieces)
            for one in answer["citations"]
            if _is_kept(one, pieces)
        ],
        "unsupported": [_moved(one, pieces) for one in answer["unsupported"] if _is_kept(one, pieces)],
        "nearest": [_with_title(one, gone) for one in answer["nearest"] if not _is_taken(one, gone)],
        "also": [_with_title(one, gone) for one in answer["also"] if not _is_taken(one, gone)],
    }
    if all(told[name] == answer[name] for name in told):
        return dict(given)
    return (
        dict(answer)
        | told
        | {
            "erased": notes,
            "erased_sources": answer.get("erased_sources", 0) + len(taken),
        }
    )


def documents_of(answer: Mapping[str, Any]) -> set[str]:
    """Ids of the documents that an answer names."""
    named = {
        one["document"]["id"] for name in ("citations", "nearest", "also") for one in answer.get(name, ())
    }
    return named | {span["document"] for span in answer.get("spans", ()) if span["document"]}


def shares(text: str, other: str) -> bool:
    """Whether a text has `SHARED` characters in a row from another."""
    stretch = text.strip()
    return any(stretch[at : at + SHARED] in other for at in range(len(stretch) - SHARED + 1))


def _said(answer: Mapping[str, Any], span: Mapping[str, Any]) -> str:
    text: str = answer["text"]
    return text[span["answer_start"] : span["answer_end"]]


def _is_taken(source: Mapping[str, Any], gone: Mapping[str, Gone]) -> bool:
    document = gone.get(source["document"]["id"])
    return document is not None and document.has_taken(source["quote"])


def _is_said(answer: Mapping[str, Any], document: Gone) -> bool:
    """Whether written words of an answer come from a document."""
    return not answer["reason"] and any(
        _says(said) and _is_words_of(said, document)
        for start, end, span in _runs(answer)
        if span is None or span["kind"] == "written"
        for said in [answer["text"][start:end]]
    )


def _is_words_of(said: str, document: Gone) -> bool:
    if document.text is None:
        return True
    return shares(said, document.text) and not (document.now is not None and said.strip() in document.now)


def _runs(answer: Mapping[str, Any]) -> Iterator[tuple[int, int, Mapping[str, Any] | None]]:
    """The text in order: spans, and the ranges between them."""
    at, end = 0, len(answer["text"])
    for span in sorted(answer["spans"], key=lambda span: span["answer_start"]):
        if span["answer_start"] > at:
            yield at, span["answer_start"], None
        yield span["answer_start"], span["answer_end"], span
        at = span["answer_end"]
    if at < end:
        yield at, end, None


def _rewritten(
    answer: Mapping[str, Any], gone: Mapping[str, Gone], *, tainted: bool
) -> tuple[str, list[_Piece]]:
    """The new text, a note for each stretch that goes, and where everything went."""
    text: str = answer["text"]
    if answer["reason"]:  # a refusal: the program's own words
        return text, [_Piece(0, len(text), 0, len(text), "kept")]
    note = NOTES[language_of(answer["question"])]
    new, pieces = "", []
    for start, end, kind in _stretches(answer, gone, tainted=tainted):
        put = text[start:end] if kind == "kept" else note
        pieces.append(_Piece(start, end, len(new), len(new) + len(put), kind))
        new += put
    return new, pieces


def _stretches(
    answer: Mapping[str, Any], gone: Mapping[str, Gone], *, tainted: bool
) -> Iterator[tuple[int, int, Kind]]:
    """Kept and blanked ranges by turns; a comma between two blanked ranges is blanked, white space around stays."""
    text: str = answer["text"]
    runs = list(_runs(answer))
    goes = [_goes(text[start:end], span, gone, tainted=tainted) for start, end, span in runs]
    at = 0
    while any(goes):
        first = goes.index(True)
        last = first
        while (
            after := next((n for n in range(last + 1, len(goes)) if goes[n]), None)
        ) is not None and not _says(text[runs[last][1] : runs[after][0]]):
            last = after
        said = text[runs[first][0] : runs[last][1]]
        start = runs[first][0] + len(said) - len(said.lstrip())
        end = runs[last][1] - (len(said) - len(said.rstrip()))
        if at < start:
            yield at, start, "kept"
        yield start, end, "blank"
        at = end
        goes[first : last + 1] = [False] * (last + 1 - first)
    if at < len(text):
        yield at, len(text), "kept"


def _goes(said: str, span: Mapping[str, Any] | None, gone: Mapping[str, Gone], *, tainted: bool) -> bool:
    if span is not None and span["kind"] == ERASED:
        return True
    if not _says(said):
        return False
    if span is not None and span["document"] is not None:
        return _has_gone(said, span, gone)
    return tainted or any(_is_words_of(said, document) for document in gone.values())


def _has_gone(said: str, span: Mapping[str, Any], gone: Mapping[str, Gone]) -> bool:
    document = gone.get(span["document"])
    return document is not None and document.has_taken(said)


def _says(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _is_kept(item: Mapping[str, Any], pieces: Sequence[_Piece]) -> bool:
    start, end = item["answer_start"], item["answer_end"]
    return any(piece.kind == "kept" and piece.start <= start and end <= piece.end for piece in pieces)


def _moved(item: Mapping[str, Any], pieces: Sequence[_Piece]) -> dict[str, Any]:
    """An item of a kept range, moved to its new position."""
    piece = next(
        p
        for p in pieces
        if p.kind == "kept" and p.start <= item["answer_start"] and item["answer_end"] <= p.end
    )
    by = piece.to - piece.start
    return dict(item) | {"answer_start": item["answer_start"] + by, "answer_end": item["answer_end"] + by}


def _parts(parts: Sequence[Mapping[str, Any]], pieces: Sequence[_Piece]) -> Iterator[dict[str, Any]]:
    """Roles of the new text; of several that went into one note, the first is the note's."""
    at = 0
    for part in parts:
        start = max(at, _place(part["answer_start"], pieces, end=False))
        end = _place(part["answer_end"], pieces, end=True)
        if start < end:
            yield dict(part) | {"answer_start": start, "answer_end": end}
            at = end


def _place(position: int, pieces: Sequence[_Piece], *, end: bool) -> int:
    """New position of a position of the old text; inside a blanked range, the start or end of its note."""
    for piece in pieces:
        if piece.start <= position < piece.end or (end and piece.start < position <= piece.end):
            if piece.kind == "kept":
                return piece.to + position - piece.start
            return piece.to_end if end else piece.to
    return pieces[-1].to_end if pieces else 0


def _phrase(answer: Mapping[str, Any], text: str, pieces: Sequence[_Piece]) -> str:
    phrase: str = answer["phrase"]
    kept = (text[piece.to : piece.to_end] for piece in pieces if piece.kind == "kept")
    return phrase if phrase and any(phrase in one for one in kept) else ""


def _with_title(source: Mapping[str, Any], gone: Mapping[str, Gone]) -> dict[str, Any]:
    """A source that stays, with the title of the version that is there now."""
    document = gone.get(source["document"]["id"])
    if document is None:
        return dict(source)
    return dict(source) | {"document": dict(source["document"]) | {"title": document.title}}


def _in_context(citation: Mapping[str, Any], gone: Mapping[str, Gone]) -> dict[str, Any]:
    """A citation that stays; the text around its quote stays only if the new version has it too."""
    document = gone.get(citation["document"]["id"])
    around = {name: citation.get(name, "") for name in ("before", "after")}
    if document is None or document.now is None:
        return dict(citation)
    return dict(citation) | {
        name: text if text.strip("… \n") in document.now else "" for name, text in around.items()
    }
