"""Users are deleted with all that is theirs alone; what they shared is handed over or erased, and the trail stays."""

import json

import pytest

from app import departure
from app.audit import trail
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.identity import people
from tests.app.copying_generator import CopyingGenerator
from tests.app.identity.conftest import World, world  # noqa: F401
from tests.app.texts import upload

QUESTION = "What do ducks eat?"


@pytest.fixture
def generator():
    return CopyingGenerator()


def filled(world: World) -> tuple[dict[str, str], dict[str, str]]:  # noqa: F811
    """Ann with a collection, an answer and a file; gives her header and the ids."""
    world.user("root", "admin")
    header = world.user("ann")
    return header, world.things(header, "birds")


def records(world: World, event: str) -> list[dict]:  # noqa: F811
    rows = [json.loads(line) for line in trail.export(world.runtime.db)]
    return [row for row in rows if row["event"] == event]


def test_collections_are_handed_over_and_all_else_goes(world):  # noqa: F811
    ann, things = filled(world)
    bob = world.user("bob")
    gone = departure.delete_user(world.runtime, "ann", hand_over_to="bob", actor="usr_root")
    assert (gone.handed_over, gone.erased, gone.files) == ([things["collection"]], [], 1)
    assert gone.answers == 1
    assert world.client.get("/v1/me", headers=ann).status_code == 401
    mine = world.client.get(f"/v1/documents/{things['document_id']}", headers=bob)
    assert mine.status_code == 200
    assert world.client.delete(f"/v1/collections/{things['collection']}", headers=bob).status_code == 204
    (row,) = records(world, "user.deleted")
    assert (row["actor"], row["subject"]) == ("usr_root", gone.user_id)
    (answer,) = records(world, "answer")
    assert (answer["actor"], answer["question"], answer["output"]) == (gone.user_id, None, None)
    assert not trail.verify(world.runtime.db).found
    with pytest.raises(NotFoundError):
        people.get_user(world.runtime.db, "ann")
    people.add_user(world.runtime.db, "ann")  # another person: nothing of before is theirs
    again = world.key("ann")
    assert world.client.get("/v1/collections", headers=again).json()["items"] == []


def test_collections_are_erased_with_the_deleted_ones(world):  # noqa: F811
    ann, things = filled(world)
    second = world.client.post("/v1/collections", json={"name": "fish"}, headers=ann).json()["id"]
    world.client.headers.update(ann)
    upload(world.client, second, {"eels.md": b"# Eels\n\nEels wander.\n"})
    del world.client.headers["Authorization"]
    world.work()
    assert world.client.delete(f"/v1/collections/{second}", headers=ann).status_code == 204
    gone = departure.delete_user(world.runtime, "ann", erase=True)
    assert gone.erased == [things["collection"]]
    left = departure.departure.belongings
    with world.runtime.db.read() as session:
        owned = left(session, gone.user_id)
    assert (owned.collections, owned.bin_items, owned.files) == ([], [], [])


def test_a_way_has_to_be_named_and_nothing_happens_before(world):  # noqa: F811
    ann, _ = filled(world)
    db = world.runtime
    with pytest.raises(ConflictError, match="1 collections"):
        departure.delete_user(db, "ann")
    with pytest.raises(InvalidInputError):
        departure.delete_user(db, "ann", hand_over_to="root", erase=True)
    with pytest.raises(InvalidInputError, match="the user who goes"):
        departure.delete_user(db, "ann", hand_over_to="ann")
    with pytest.raises(NotFoundError):
        departure.delete_user(db, "ann", hand_over_to="nobody")
    with pytest.raises(NotFoundError):
        departure.delete_user(db, "nobody")
    with pytest.raises(ConflictError, match="only administrator"):
        departure.delete_user(db, "root")
    assert world.client.get("/v1/me", headers=ann).status_code == 200


def test_a_deletion_that_was_killed_goes_on(world, monkeypatch):  # noqa: F811
    _, things = filled(world)
    people.add_user(world.runtime.db, "bob")

    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(departure, "_erase_answers", dies)
        departure.delete_user(world.runtime, "ann", hand_over_to="bob")
    assert people.get_user(world.runtime.db, "ann").disabled_at is not None
    assert departure.delete_user(world.runtime, "ann").answers == 1
    assert (
        world.client.get(f"/v1/documents/{things['document_id']}", headers=world.key("bob")).status_code
        == 200
    )


def test_administrators_delete_over_rest_and_nobody_else(world):  # noqa: F811
    ann, things = filled(world)
    admin = world.key("root", scopes=["admin"])
    assert world.client.delete("/v1/users/ann", headers=ann).status_code == 403
    assert world.client.delete("/v1/users/ann", headers=admin).json()["code"] == "user_has_collections"
    told = world.client.delete("/v1/users/ann", params={"hand_over_to": "root"}, headers=admin)
    assert told.status_code == 200
    assert told.json()["handed_over"] == [things["collection"]]
    assert world.client.delete("/v1/users/ann", headers=admin).status_code == 404


def test_the_command_line_deletes_users(fathom, settings):
    for command in (("add", "root", "--admin"), ("add", "ann")):
        assert fathom("users", *command)[0] == 0
    code, out, _ = fathom("users", "delete", "ann", "--yes", "--json")
    assert code == 0
    assert json.loads(out)["answers"] == 0
    assert [one["name"] for one in json.loads(fathom("users", "--json")[1])["items"]] == ["root"]
