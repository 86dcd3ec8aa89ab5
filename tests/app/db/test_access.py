"""Readers share compiled statements, and each sees its own rows by them."""

import pytest
from sqlalchemy import select, update

from app.db import collections, identity
from app.db.access import Reader, criteria_of
from app.db.engine import Database
from app.db.models import Collection


@pytest.fixture
def database(tmp_path, empty_database):
    target = tmp_path / "fathom.db"
    target.write_bytes(empty_database.read_bytes())
    opened = Database(f"sqlite:///{target}")
    yield opened
    opened.close()


def made(database: Database, name: str, *names: str) -> tuple[str, list[str]]:
    """A user, and collections of that user's."""
    with database.write() as session:
        user = identity.add_user(session, name, "member").id
    seen = database.seen_by(Reader(user_id=user))
    with seen.write() as session:
        return user, [collections.add(session, one, "", None, {}).id for one in names]


def visible(database: Database, reader: Reader) -> set[str]:
    with database.seen_by(reader).read() as session:
        return {row.id for row in session.scalars(select(Collection))}


def test_the_key_in_the_cache_tells_kinds_of_readers_apart_and_not_readers():
    def key(reader: Reader) -> tuple[object, list[object]]:
        parameters: list = []
        return criteria_of(reader)._gen_cache_key(None, parameters), [one.value for one in parameters]

    ann, bob = key(Reader(user_id="usr_a")), key(Reader(user_id="usr_b"))
    assert ann[0] == bob[0]
    assert set(ann[1]) ^ set(bob[1]) == {"usr_a", "usr_b"}
    assert key(Reader(user_id="usr_a", is_admin=True))[0] != ann[0]
    assert key(Reader(user_id="usr_a", collection_ids=("col_a",)))[0] != ann[0]


def test_one_compiled_statement_shows_each_reader_its_own_rows(database):
    ann, hers = made(database, "ann", "birds", "fish")
    bob, his = made(database, "bob", "trees")
    for _ in range(2):  # compiled, then from the cache
        assert visible(database, Reader(user_id=ann)) == set(hers)
        assert visible(database, Reader(user_id=bob)) == set(his)
        assert visible(database, Reader(user_id=ann, collection_ids=(hers[0],))) == {hers[0]}
        assert visible(database, Reader(user_id=ann, collection_ids=(*hers, *his))) == set(hers)
        assert visible(database, Reader(user_id=bob, collection_ids=())) == set()


def test_changes_reach_the_rows_of_the_reader_alone(database):
    ann, _ = made(database, "ann", "birds")
    made(database, "bob", "trees")
    for description in ("first", "second"):
        with database.seen_by(Reader(user_id=ann)).write() as session:
            session.execute(update(Collection).values(description=description))
        with database.read() as session:
            told = {row.name: row.description for row in session.scalars(select(Collection))}
        assert told == {"birds": description, "trees": ""}
