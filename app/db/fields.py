"""Values of documents' metadata as rows that filters find by an index."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.db import tags
from app.db.field_models import DocumentField
from app.db.filters import FieldKind, Moment, digits_of
from app.db.types import KEY_CHARS
from app.errors import InvalidInputError

MAX_NAME_CHARS = 255
MAX_VALUES = 1_000
_INSTANT_S = 1e-6  # moments are kept to the microsecond
_SAMPLES = 20


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A value, and the number of documents that have it."""

    value: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSummary:
    """A field of a collection's documents.

    Attributes:
        kind: What its values are; a field with several kinds has a summary for each.
        documents: Documents that have such a value.
        values: The most frequent values.
    """

    name: str
    kind: FieldKind
    documents: int
    values: tuple[FieldValue, ...]


def replace(session: Session, document_id: str, collection_id: str, metadata: Mapping[str, Any]) -> None:
    """Make the rows of a document those of its metadata.

    Raises:
        InvalidInputError: There are more than `MAX_VALUES`.
    """
    values = values_of(metadata)
    if len(values) > MAX_VALUES:
        raise InvalidInputError(
            "metadata_too_large",
            f"The metadata of a document has {len(values):,} values; {MAX_VALUES:,} are allowed.",
            "Keep in metadata what documents are filtered by, and put the rest into the document.",
        )
    session.execute(delete(DocumentField).where(DocumentField.document_id == document_id))
    if values:
        owner = {"document_id": document_id, "collection_id": collection_id}
        session.execute(insert(DocumentField), [owner | value for value in values])


def values_of(metadata: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Columns of a row for each value of a document's metadata, each value of a field once."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for name, value in _flattened(metadata, ""):
        kind, text, number = _typed(value)
        found[name, kind, text] = {
            "field": name,
            "kind": kind,
            "key": text[:KEY_CHARS],
            "text": text,
            "folded": text.casefold() if kind in {"text", "date"} else None,
            "number": number,
        }
    return list(found.values())


def summaries(session: Session, collection_id: str) -> list[FieldSummary]:
    """The fields of a collection's documents, by name, behind their tags."""
    of_collection = DocumentField.collection_id == collection_id
    documents = func.count(DocumentField.document_id.distinct())
    fields = session.execute(
        select(DocumentField.field, DocumentField.kind, documents)
        .where(of_collection)
        .group_by(DocumentField.field, DocumentField.kind)
        .order_by(DocumentField.field, DocumentField.kind)
    ).all()
    found = tags.counts(session, collection_id)
    tagged = [
        FieldSummary(
            name="document.tag",
            kind="text",
            documents=tags.tagged(session, collection_id),
            values=tuple(FieldValue(tag, count) for tag, count in found[:_SAMPLES]),
        )
    ]
    return [
        *(tagged if found else ()),
        *(
            FieldSummary(
                name=name,
                kind=cast("FieldKind", kind),
                documents=count,
                values=_values(session, collection_id, name, kind),
            )
            for name, kind, count in fields
        ),
    ]


def _values(session: Session, collection_id: str, name: str, kind: str) -> tuple[FieldValue, ...]:
    documents = func.count(DocumentField.document_id.distinct())
    rows = session.execute(
        select(DocumentField.key, documents)
        .where(
            DocumentField.collection_id == collection_id,
            DocumentField.field == name,
            DocumentField.kind == kind,
        )
        .group_by(DocumentField.key)
        .order_by(documents.desc(), DocumentField.key)
        .limit(_SAMPLES)
    )
    return tuple(FieldValue(key, count) for key, count in rows)


def moment_of(text: str) -> Moment | None:
    """The moment that a date or time of ISO 8601 names, in UTC where it has no zone; None for any other text."""
    if not (10 <= len(text) <= 40 and text[4] == "-" and text[:4].isdecimal()):
        return None
    try:
        read = datetime.fromisoformat(text)
        start = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    length = timedelta(days=1).total_seconds() if len(text) == 10 else _INSTANT_S
    return Moment(start, start + length)


def _flattened(value: Any, name: str) -> Iterator[tuple[str, str | bool | float]]:
    """Names and values of a JSON value; null is no value."""
    waiting: list[tuple[str, Any]] = [(name, value)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [(f"{name}.{key}" if name else str(key), inner) for key, inner in value.items()]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            waiting += [(name, inner) for inner in value]
        elif value is not None and 0 < len(name) <= MAX_NAME_CHARS:
            yield name, value


def _typed(value: str | bool | float) -> tuple[FieldKind, str, float | None]:
    """Kind, text and number of a value."""
    if isinstance(value, bool):
        return "boolean", "true" if value else "false", float(value)
    if isinstance(value, str):
        moment = moment_of(value)
        return ("text", value, None) if moment is None else ("date", value, moment.start)
    try:
        return "number", digits_of(value), float(value)
    except OverflowError:  # larger than a float can be: no order, but its digits
        return "number", digits_of(value), None
