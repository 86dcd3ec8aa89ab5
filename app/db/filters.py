"""Filters over documents as trees, and as conditions of SQL.

A field of a document's metadata has the value of its key, values of inner objects stand under `outer.inner`, and a
list has each of its elements: a condition holds where it holds for one of them. Fields of the document itself begin
with `document.`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, false, not_, or_, select
from sqlalchemy.orm import Session

from app.db.field_models import DocumentField, DocumentTag
from app.db.models import Chunk, Content, Document, DocumentVersion
from app.db.tags import folded
from app.db.types import KEY_CHARS

FieldKind = Literal["text", "number", "boolean", "date"]
Operator = Literal["eq", "in", "gt", "gte", "lt", "lte", "exists", "contains"]


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time as the range of seconds since 1970 that it names: a day is 24 hours long."""

    start: float
    end: float


Value = str | bool | int | float | Moment


@dataclass(frozen=True, slots=True)
class Condition:
    """One field compared with values: one, but for `in` any number; `exists` compares with True."""

    field: str
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds where each part holds."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds where one of the parts holds."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where the part does not hold, documents without the field included."""

    part: "Filter"


Filter = Condition | AllOf | AnyOf | Not
Test = Callable[[Condition], ColumnElement[bool]]


def chunk_ids(session: Session, collection_ids: Sequence[str], wanted: Filter) -> frozenset[int]:
    """Ids of the searchable chunks whose documents a filter leaves."""
    # Written so that no index can serve it: SQLite, which has no statistics, would go through all documents of the
    # collections by it, and not from the few rows of the fields to their documents.
    in_collections = Document.collection_id.concat("").in_(collection_ids)
    left = select(Document.id).where(in_collections, Document.enabled, where(wanted, collection_ids))
    statement = select(Chunk.id).where(Chunk.document_id.in_(left), Chunk.enabled)
    return frozenset(session.scalars(statement))


def where(wanted: Filter, collection_ids: Sequence[str]) -> ColumnElement[bool]:
    """A filter as a condition on `Document`.

    Args:
        wanted: The filter.
        collection_ids: Collections of the documents, by which the index of fields is entered.
    """
    match wanted:
        case AllOf(parts):
            return and_(*(where(part, collection_ids) for part in parts))
        case AnyOf(parts):
            return or_(*(where(part, collection_ids) for part in parts))
        case Not(part):
            return not_(where(part, collection_ids))
        case Condition(field=field):
            own = OWN_FIELDS.get(field)
            return own.test(wanted) if own else _of_metadata(wanted, collection_ids)


def _of_metadata(condition: Condition, collection_ids: Sequence[str]) -> ColumnElement[bool]:
    having = select(DocumentField.document_id).where(
        DocumentField.collection_id.in_(collection_ids), DocumentField.field == condition.field
    )
    if condition.operator != "exists":
        having = having.where(or_(*(_value_is(condition.operator, value) for value in condition.values)))
    return Document.id.in_(having)


def _value_is(operator: Operator, value: Value) -> ColumnElement[bool]:
    match value:
        case Moment():
            return and_(
                DocumentField.kind == "date", _in_order(DocumentField.number.expression, operator, value)
            )
        case bool():
            return and_(DocumentField.kind == "boolean", DocumentField.number == float(value))
        case str() if operator == "contains":
            return and_(
                DocumentField.folded.is_not(None),
                DocumentField.folded.contains(value.casefold(), autoescape=True),
            )
        case str():
            return and_(
                DocumentField.kind == "text",
                DocumentField.key == value[:KEY_CHARS],
                DocumentField.text == value,
            )
        case _ if operator in {"eq", "in"}:  # by its digits: a float holds 15 of them
            return and_(DocumentField.kind == "number", DocumentField.key == digits_of(value))
        case _:
            return and_(
                DocumentField.kind == "number", _compared(DocumentField.number.expression, operator, value)
            )


def digits_of(number: int | float) -> str:
    """A number as text, the same for 3 and 3.0; cut off where a key of the index ends."""
    whole = isinstance(number, float) and number.is_integer()
    return str(int(number) if whole else number)[:KEY_CHARS]


def _compared(
    column: ColumnElement[float | None] | ColumnElement[int], operator: Operator, value: float
) -> ColumnElement[bool]:
    match operator:
        case "gt":
            return column > value
        case "gte":
            return column >= value
        case "lt":
            return column < value
        case "lte":
            return column <= value
        case _:
            return column == value


def _in_order(column: ColumnElement[float | None], operator: Operator, value: Moment) -> ColumnElement[bool]:
    match operator:
        case "gt":
            return column >= value.end
        case "gte":
            return column >= value.start
        case "lt":
            return column < value.start
        case "lte":
            return column < value.end
        case _:
            return and_(column >= value.start, column < value.end)


def _of_text(column: ColumnElement[str] | ColumnElement[str | None]) -> Test:
    def test(condition: Condition) -> ColumnElement[bool]:
        if condition.operator == "exists":
            return column.is_not(None)
        texts = [value for value in condition.values if isinstance(value, str)]
        if condition.operator == "contains":
            return or_(*(column.icontains(text, autoescape=True) for text in texts))
        return column.in_(texts)

    return test


def _of_moment(column: ColumnElement[datetime] | ColumnElement[datetime | None]) -> Test:
    def test(condition: Condition) -> ColumnElement[bool]:
        if condition.operator == "exists":
            return column.is_not(None)
        moments = [value for value in condition.values if isinstance(value, Moment)]
        return or_(false(), *(_around(column, condition.operator, moment) for moment in moments))

    return test


def _around(
    column: ColumnElement[datetime] | ColumnElement[datetime | None], operator: Operator, value: Moment
) -> ColumnElement[bool]:
    start, end = (datetime.fromtimestamp(moment, UTC) for moment in (value.start, value.end))
    match operator:
        case "gt":
            return column >= end
        case "gte":
            return column >= start
        case "lt":
            return column < start
        case "lte":
            return column < end
        case _:
            return and_(column >= start, column < end)


def _of_serving(test: Test) -> Test:
    """The test of a column of the serving version or its content."""

    def of_document(condition: Condition) -> ColumnElement[bool]:
        return Document.id.in_(
            select(DocumentVersion.document_id)
            .join(Content, Content.id == DocumentVersion.content_id)
            .where(DocumentVersion.serving, test(condition))
        )

    return of_document


def _in_folder(condition: Condition) -> ColumnElement[bool]:
    if condition.operator == "exists":
        return Document.name.contains("/", autoescape=True)
    folders = [value.strip("/") for value in condition.values if isinstance(value, str)]
    return or_(*(Document.name.startswith(f"{folder}/", autoescape=True) for folder in folders))


def _tagged(condition: Condition) -> ColumnElement[bool]:
    having = select(DocumentTag.document_id)
    if condition.operator != "exists":
        tags = [folded(value) for value in condition.values if isinstance(value, str)]
        if condition.operator == "contains":
            having = having.where(or_(*(DocumentTag.tag.contains(tag, autoescape=True) for tag in tags)))
        else:
            having = having.where(DocumentTag.tag.in_(tags))
    return Document.id.in_(having)


def _pages(condition: Condition) -> ColumnElement[bool]:
    if condition.operator == "exists":
        return Content.page_count > 0
    numbers = [value for value in condition.values if isinstance(value, int | float)]
    return or_(
        false(), *(_compared(Content.page_count.expression, condition.operator, number) for number in numbers)
    )


def _dated(condition: Condition) -> ColumnElement[bool]:
    """The date of the metadata; where there is none, the time at which the document came."""
    dated = select(DocumentField.document_id).where(
        DocumentField.field == "date", DocumentField.kind == "date"
    )
    if condition.operator == "exists":
        return Document.created_at.is_not(None)
    moments = [value for value in condition.values if isinstance(value, Moment)]
    told = or_(
        false(),
        *(_in_order(DocumentField.number.expression, condition.operator, moment) for moment in moments),
    )
    came = _of_moment(Document.created_at.expression)(condition)
    return or_(Document.id.in_(dated.where(told)), and_(Document.id.not_in(dated), came))


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field that every document has: the kind of its values, and its test in SQL."""

    kind: FieldKind
    test: Test


OWN_FIELDS: dict[str, OwnField] = {
    "document.id": OwnField("text", _of_text(Document.id.expression)),
    "document.name": OwnField("text", _of_text(Document.name.expression)),
    "document.folder": OwnField("text", _in_folder),
    "document.external_id": OwnField("text", _of_text(Document.external_id.expression)),
    "document.tag": OwnField("text", _tagged),
    "document.type": OwnField("text", _of_serving(_of_text(Content.media_type.expression))),
    "document.language": OwnField("text", _of_serving(_of_text(Content.language.expression))),
    "document.pages": OwnField("number", _of_serving(_pages)),
    "document.date": OwnField("date", _dated),
    "document.added": OwnField("date", _of_moment(Document.created_at.expression)),
    "document.changed": OwnField("date", _of_serving(_of_moment(DocumentVersion.ready_at.expression))),
}
"""Fields that every document has."""
