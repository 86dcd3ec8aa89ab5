"""Use is counted by day, key and collection, once each, summed up, exported and forgotten."""

import csv
import io
from datetime import date, timedelta

import pytest
from sqlalchemy.exc import OperationalError

from app.db import migrate, observing
from app.db.engine import Database
from app.db.observing import Used
from app.db.types import utc_now
from app.housekeeping import expire
from app.identity import people
from app.identity.people import KeyWish
from app.library import collections, usage
from app.library.usage import Meter, Wanted
from tests.app.copying_generator import CopyingGenerator
from tests.app.identity.conftest import world  # noqa: F401 - a fixture
from tests.app.texts import DUCKS, GEESE, upload

ASKED = "What do ducks eat?"


@pytest.fixture
def generator():
    return CopyingGenerator()


def asked(client, collections, question=ASKED, **headers):
    body = {"collections": collections, "question": question}
    reply = client.post("/v1/answers", json=body, headers=headers.get("header"))
    assert reply.is_success, reply.text
    return reply.json()


def rows(client, **params):
    reply = client.get("/v1/usage", params=params, headers=params.pop("header", None))
    assert reply.is_success, reply.text
    return reply.json()["items"]


def test_a_question_to_two_collections_counts_once_by_key_and_in_both_by_collection(api, work):
    birds, pond = (
        api.post("/v1/collections", json={"name": name}).json()["id"] for name in ("birds", "pond")
    )
    upload(api, birds, {"ducks.md": DUCKS, "geese.md": GEESE})
    upload(api, birds, {"ducks.md": DUCKS})  # changes nothing
    upload(api, pond, {"ducks.md": DUCKS})
    work()
    answer = asked(api, [birds, "pond"])
    asked(api, [birds], "Why is granite hard?")
    assert api.post("/v1/search", json={"collections": ["pond"], "query": "ducks"}).is_success
    assert api.post("/v1/search", json={"collections": ["none"], "query": "ducks"}).status_code == 404
    (one,) = rows(api, by="key")
    assert (one["key_id"], one["questions"], one["refusals"], one["searches"]) == ("", 2, 1, 1)
    assert (one["documents"], one["uploaded_bytes"]) == (3, 2 * len(DUCKS) + len(GEESE))
    assert one["requests"] == 9
    assert one["written_tokens"] == answer["usage"]["generated_tokens"] > 0
    by_name = {row["collection_name"]: row for row in rows(api, by="collection")}
    assert {name: row["questions"] for name, row in by_name.items()} == {"birds": 2, "pond": 1}
    assert {name: row["searches"] for name, row in by_name.items()} == {"birds": 0, "pond": 1}
    assert {name: row["requests"] for name, row in by_name.items()} == {"birds": 4, "pond": 3}
    assert {name: row["documents"] for name, row in by_name.items()} == {"birds": 2, "pond": 1}


def test_use_outlives_its_collection_under_its_id(api, work):
    birds = api.post("/v1/collections", json={"name": "birds"}).json()["id"]
    upload(api, birds, {"ducks.md": DUCKS})
    work()
    asked(api, [birds])
    api.app.state.meter.flush()
    assert api.delete(f"/v1/collections/{birds}").is_success
    (row,) = rows(api, by="collection")
    assert (row["collection_id"], row["collection_name"], row["questions"]) == (birds, "", 1)


def test_everybody_sees_the_use_of_their_own_keys_and_an_administrator_all(world):  # noqa: F811
    admin, ann, bob = world.user("root", "admin"), world.user("ann"), world.user("bob")
    mine = world.things(ann, "birds")
    narrow = world.key("ann", collections=[mine["collection"]])
    asked(world.client, [mine["collection"]], header=narrow)
    for header in (admin, ann, bob, narrow):
        world.client.get("/v1/me", headers=header)
    told = {}
    for name, header in (("root", admin), ("ann", ann), ("bob", bob), ("narrow", narrow)):
        reply = world.client.get("/v1/usage", params={"by": ["user", "key"]}, headers=header)
        told[name] = [(row["user_name"], row["questions"]) for row in reply.json()["items"]]
    assert sorted(told["root"])[:2] == [("ann", 1), ("ann", 1)]
    assert {user for user, _ in told["root"]} == {"root", "ann", "bob"}
    assert sorted(told["ann"]) == [("ann", 1), ("ann", 1)]
    assert told["bob"] == [("bob", 0)]
    assert told["narrow"] == [("ann", 1)]
    limited = world.key("root", scopes=["read"])
    reply = world.client.get("/v1/usage", params={"by": "user"}, headers=limited)
    assert {row["user_name"] for row in reply.json()["items"]} == {"root"}


def test_no_cell_of_the_csv_is_a_formula(runtime, fathom):
    person = people.add_user(runtime.db, "=HYPERLINK(1)")
    key = people.make_key(runtime.db, person.id, KeyWish(name="@SUM(A1)")).view
    collection = collections.create(runtime.db, name="+1-1").row.id
    with runtime.db.write() as session:
        place = (date(2026, 11, 30), key.id, person.id)
        observing.add_usages(session, {(*place, collection): Used(questions=2)})
    code, out, _ = fathom(
        "usage", "--csv", "--by", "day", "--by", "user", "--by", "key", "--by", "collection"
    )
    assert code == 0
    head, row = csv.reader(io.StringIO(out))
    assert head[:3] == ["day", "user_id", "user_name"]
    told = dict(zip(head, row, strict=True))
    assert (told["day"], told["questions"]) == ("2026-11-30", "2")
    assert told["user_name"] == "'=HYPERLINK(1)"
    assert told["key_name"].startswith("'@SUM(A1)")
    assert told["collection_name"] == "'+1-1"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_a_period_and_a_grouping_are_kept_to(runtime, fathom):
    with runtime.db.write() as session:
        for day in (1, 2, 3):
            observing.add_usage(session, date(2026, 11, day), "", [], Used(questions=day))
    (row,) = usage.report(runtime.db, Wanted(by=(), since=date(2026, 11, 2), until=date(2026, 11, 3)))
    assert row["questions"] == 5
    days = usage.report(runtime.db, Wanted(by=("day",)))
    assert [(row["day"], row["questions"]) for row in days] == [
        ("2026-11-01", 1), ("2026-11-02", 2), ("2026-11-03", 3),
    ]  # fmt: skip
    assert fathom("usage", "--by", "weather")[0] == 2
    assert fathom("usage", "--since", "2026-11-03", "--until", "2026-11-01")[0] == 2
    assert "2026-11-02" in fathom("usage")[1]


def test_use_is_forgotten_after_its_time(runtime):
    today = utc_now().date()
    with runtime.db.write() as session:
        for days in (0, 400, 401, 500):
            observing.add_usage(session, today - timedelta(days=days), "", [], Used(questions=1))
    expire(runtime)
    assert len(usage.report(runtime.db, Wanted(by=("day",)))) == 2


def test_what_can_not_be_written_stays_counted(runtime, monkeypatch):
    meter = Meter(runtime.db)
    meter.count_request("", "", ["birds"])
    with monkeypatch.context() as broken:

        def locked(*_):
            raise OperationalError("INSERT", {}, Exception("database is locked"))

        broken.setattr(observing, "add_usages", locked)
        meter.flush()
    meter.count_request("", "", [])
    meter.flush()
    meter.flush()
    (row,) = usage.report(runtime.db, Wanted(by=("key",)))
    assert row["requests"] == 2


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_counts_add_up_alike_on_both_databases(database, request, tmp_path):
    url = f"sqlite:///{tmp_path / 'fathom.db'}"
    if database == "postgres":
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    opened = Database(url)
    migrate.upgrade(opened)
    day, counter = date(2026, 11, 1), ("fathom_jobs_ended", (("kind", "ingest"), ("outcome", "done")))
    for _ in range(2):
        with opened.write() as session:
            observing.add_usage(session, day, "", ["col_b", "col_a"], Used(questions=1, characters=2**40))
            observing.add_tallies(session, {counter: 1.5})
    told = usage.report(opened, Wanted(by=("day", "collection")))
    assert [(row["collection_id"], row["questions"], row["characters"]) for row in told] == [
        ("col_a", 2, 2**41), ("col_b", 2, 2**41),
    ]  # fmt: skip
    assert usage.report(opened, Wanted(by=()))[0]["questions"] == 2
    assert usage.report(opened, Wanted(by=("user", "key"), key_id="none")) == []
    with opened.read() as session:
        assert observing.tallies(session) == {counter: 3.0}
    assert usage.expire(opened, 1) == 3
    opened.close()
