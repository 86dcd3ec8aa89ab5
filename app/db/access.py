"""Rows that a reader may see: a session bound to a reader finds no others, whatever it is asked for.

The condition stands inside each statement, so a search plans with it and nothing is filtered afterwards. It holds for
collections, documents, chunks, jobs, answers, grants, uploaded files and the bin, also where a statement changes or
deletes them. Rows behind these are found by their ids alone (versions, contents): every query for a client joins one
of the tables above.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, event, false, literal, select, true
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.interfaces import CriteriaOption
from sqlalchemy.orm.util import LoaderCriteriaOption
from sqlalchemy.sql.visitors import anon_map

from app.db.file_models import FileBatch, UploadedFile
from app.db.frozen_models import BinAnswer, BinItem
from app.db.identity_tables import AnswerCollection, Grant, Membership
from app.db.living_models import AnswerReview
from app.db.models import Answer, Chunk, Collection, Document, Job
from app.db.webhook_models import Webhook

UNRESTRICTED = {"fathom_unrestricted": True}
"""Execution options of statements that keep the database whole, for whomever they run: erasing, above all."""

RANKS = {"reader": 1, "editor": 2, "owner": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whoever reads and writes through a session.

    Attributes:
        user_id: The user.
        is_admin: Whether what has no owner is the user's.
        collection_ids: The only collections that the key reaches; None for all of its user's.
    """

    user_id: str
    is_admin: bool = False
    collection_ids: tuple[str, ...] | None = None


class Criteria(CriteriaOption):
    """Conditions of a reader as one option of a statement, with a key for SQLAlchemy's cache that is computed once.

    The key says how the conditions are built and the parameters hold whose they are, so that readers share compiled
    statements. Computed by each statement, the key would cost more than the statement.
    """

    propagate_to_loaders = True
    inherit_cache = True

    def __init__(self, conditions: Sequence[LoaderCriteriaOption]) -> None:
        """Bundle the conditions."""
        self._conditions = tuple(conditions)
        names, parameters = anon_map(), list[BindParameter[Any]]()
        self._key = (Criteria, *(one._gen_cache_key(names, parameters) for one in self._conditions))
        self._parameters = tuple(parameters)

    def _gen_cache_key(self, _: Any, bindparams: list[BindParameter[Any]]) -> tuple[Any, ...]:
        bindparams.extend(self._parameters)
        return self._key

    def process_compile_state(self, compile_state: Any) -> None:
        """Apply to a statement that is compiled."""
        for one in self._conditions:
            one.process_compile_state(compile_state)

    def get_global_criteria(self, attributes: dict[str, Any]) -> None:
        """Add to the conditions of a statement that changes or deletes rows."""
        for one in self._conditions:
            one.get_global_criteria(attributes)


class ReaderSession(Session):
    """A session that sees the rows of its reader."""

    def __init__(self, *args: Any, criteria: Criteria, reader: Reader, **kwargs: Any) -> None:
        """Take the criteria of `criteria_of(reader)`, and all that a session takes."""
        super().__init__(*args, **kwargs)
        self.reader = reader
        self.criteria = criteria


@event.listens_for(ReaderSession, "do_orm_execute")
def _restrict(state: ORMExecuteState) -> None:
    if state.is_column_load or state.execution_options.get("fathom_unrestricted", False):
        return
    session = state.session
    assert isinstance(session, ReaderSession)
    state.statement = state.statement.options(session.criteria)


def owner_of(session: Session) -> str | None:
    """The user whom new rows of a session belong to; None where the machine itself writes."""
    return session.reader.user_id if isinstance(session, ReaderSession) else None


@lru_cache(maxsize=1_000)
def criteria_of(reader: Reader) -> Criteria:
    """Conditions on each table that a reader sees a part of."""
    readable = readable_collections(reader)
    links = AnswerCollection.__table__
    out_of_reach = (
        select(literal(1))
        .select_from(links)
        .where(links.c.answer_id == Answer.id, links.c.collection_id.not_in(readable))
        .exists()
    )
    binned = BinAnswer.__table__
    in_bin = select(literal(1)).select_from(binned).where(binned.c.answer_id == Answer.id).exists()
    conditions = (
        (Collection, Collection.id.in_(readable)),
        (Document, Document.collection_id.in_(readable)),
        (Chunk, Chunk.collection_id.in_(readable)),
        (Job, Job.collection_id.in_(readable)),
        (Answer, _owned(Answer.owner_id, reader) & ~out_of_reach & ~in_bin),
        (
            AnswerReview,
            _owned(AnswerReview.owner_id, reader) & AnswerReview.collection_id.in_(readable),
        ),
        # a key for single collections reaches the webhooks of these alone
        (Webhook, _owned(Webhook.owner_id, reader) & _reached(Webhook.collection_id, reader)),
        (Grant, Grant.collection_id.in_(readable)),
        (BinItem, _in_bin(reader)),
        (FileBatch, FileBatch.collection_id.in_(readable)),
        # a key for single collections reaches no file, which is in none
        (UploadedFile, _owned(UploadedFile.owner_id, reader) if reader.collection_ids is None else false()),
    )
    return Criteria(
        [with_loader_criteria(table, condition, include_aliases=True) for table, condition in conditions]
    )


def _reached(collection_id: Any, reader: Reader) -> ColumnElement[bool]:
    reached: ColumnElement[bool] = true()
    return reached if reader.collection_ids is None else collection_id.in_(reader.collection_ids)


def readable_collections(reader: Reader) -> Select[str]:
    """Ids of the collections that a reader may read, as a subquery of tables, which no criteria touch."""
    collections, grants = Collection.__table__, Grant.__table__
    granted = select(grants.c.collection_id).where(_granted_to(reader))
    found = select(collections.c.id).where(
        _owned(collections.c.owner_id, reader) | collections.c.id.in_(granted)
    )
    if reader.collection_ids is not None:
        found = found.where(collections.c.id.in_(reader.collection_ids))
    return found


def _in_bin(reader: Reader) -> ColumnElement[bool]:
    """Deleted documents of collections that a reader may read, and collections that the reader owned."""
    own = _owned(BinItem.owner_id, reader)
    if reader.collection_ids is not None:
        own &= BinItem.collection_id.in_(reader.collection_ids)
    readable = BinItem.collection_id.in_(readable_collections(reader))
    return ((BinItem.kind == "document") & readable) | ((BinItem.kind == "collection") & own)


def role_on(session: Session, reader: Reader, collection_id: str) -> str | None:
    """The highest role of a reader on a collection: reader, editor or owner; None where it is out of reach."""
    collections, grants = Collection.__table__, Grant.__table__
    if reader.collection_ids is not None and collection_id not in reader.collection_ids:
        return None
    owned = (
        select(literal("owner"))
        .select_from(collections)
        .where(collections.c.id == collection_id, _owned(collections.c.owner_id, reader))
    )
    granted = select(grants.c.role).where(grants.c.collection_id == collection_id, _granted_to(reader))
    roles = session.scalars(owned.union_all(granted)).all()
    return max(roles, key=RANKS.__getitem__, default=None)


def _owned(owner: Any, reader: Reader) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = owner == reader.user_id
    return mine | owner.is_(None) if reader.is_admin else mine


def _granted_to(reader: Reader) -> ColumnElement[bool]:
    grants, memberships = Grant.__table__, Membership.__table__
    groups = select(memberships.c.group_id).where(memberships.c.user_id == reader.user_id)
    granted: ColumnElement[bool] = (grants.c.user_id == reader.user_id) | grants.c.group_id.in_(groups)
    return granted
