"""Queries over lexicons."""

from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.db.safety_models import LexiconRow, LexiconWord
from app.db.types import new_id, utc_now

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LexiconView:
    """A lexicon without its words.

    Attributes:
        level: "block", "mask" or "flag".
        pinyin: Whether its Chinese words are found by their sound too.
        version: Counts its changes, from 1.
        words: Number of its words.
    """

    id: str
    name: str
    level: str
    enabled: bool
    pinyin: bool
    version: int
    words: int
    updated_at: datetime


LexiconState = tuple[str, str, str, bool, int]
"""Id, name, level, pinyin, version: equal as long as nothing of a lexicon has changed."""


def states(session: Session) -> list[LexiconState]:
    """The lexicons that are in use."""
    row = LexiconRow
    statement = (
        select(row.id, row.name, row.level, row.pinyin, row.version).where(row.enabled).order_by(row.name)
    )
    return [
        (key, name, level, pinyin, version)
        for key, name, level, pinyin, version in session.execute(statement)
    ]


def views(session: Session, name: str | None = None) -> list[LexiconView]:
    """All lexicons by name, or the one of a name."""
    row = LexiconRow
    count = (
        select(func.count()).where(LexiconWord.lexicon_id == row.id).correlate(LexiconRow).scalar_subquery()
    )
    statement = select(
        row.id, row.name, row.level, row.enabled, row.pinyin, row.version, count, row.updated_at
    ).order_by(row.name)
    if name is not None:
        statement = statement.where(row.name == name)
    return [
        LexiconView(
            id=key, name=called, level=level, enabled=enabled, pinyin=pinyin, version=version, words=words,
            updated_at=updated_at,
        )
        for key, called, level, enabled, pinyin, version, words, updated_at in session.execute(statement)
    ]  # fmt: skip


def words(session: Session, lexicon_id: str) -> list[str]:
    """Words of a lexicon, in order."""
    statement = select(LexiconWord.word).where(LexiconWord.lexicon_id == lexicon_id)
    return sorted(session.scalars(statement))


def hold(session: Session, name: str) -> str | None:
    """Id of the lexicon of a name, held until commit; None where there is none."""
    return session.scalar(select(LexiconRow.id).where(LexiconRow.name == name).with_for_update())


def add(session: Session, name: str, level: str, *, pinyin: bool, enabled: bool) -> str:
    """Insert a lexicon without words; gives its id."""
    row = LexiconRow(id=new_id("lex"), name=name, level=level, pinyin=pinyin, enabled=enabled)
    session.add(row)
    session.flush()
    return row.id


def change(
    session: Session,
    lexicon_id: str,
    *,
    level: str | None = None,
    enabled: bool | None = None,
    pinyin: bool | None = None,
) -> None:
    """Set the values that are not None, and raise the version."""
    given = {"level": level, "enabled": enabled, "pinyin": pinyin}
    values = {name: value for name, value in given.items() if value is not None}
    session.execute(
        update(LexiconRow)
        .where(LexiconRow.id == lexicon_id)
        .values(version=LexiconRow.version + 1, updated_at=utc_now(), **values)
    )


def add_words(session: Session, lexicon_id: str, added: AnyCollection[str]) -> None:
    """Add words; words that are there already stay."""
    there = set(words(session, lexicon_id))
    rows = [{"lexicon_id": lexicon_id, "word": word} for word in sorted(set(added) - there)]
    if rows:
        session.execute(insert(LexiconWord), rows)


def remove_words(session: Session, lexicon_id: str, removed: Sequence[str] | None = None) -> None:
    """Remove words, or all of them."""
    statement = delete(LexiconWord).where(LexiconWord.lexicon_id == lexicon_id)
    if removed is None:
        session.execute(statement)
        return
    for begin in range(0, len(removed), AT_ONCE):
        session.execute(statement.where(LexiconWord.word.in_(removed[begin : begin + AT_ONCE])))


def remove(session: Session, lexicon_id: str) -> None:
    """Delete a lexicon with its words."""
    session.execute(delete(LexiconRow).where(LexiconRow.id == lexicon_id))
