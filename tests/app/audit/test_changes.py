"""Who uploads, deletes, shares and changes is a record of the trail, and what was erased has left no text there."""

import json

import pytest

from app.audit import trail
from app.identity import people
from app.identity.people import KeyWish
from tests.app.identity.conftest import World, world  # noqa: F401
from tests.app.texts import DUCKS, upload


def changes(runtime) -> list[tuple[str, str, str]]:
    rows = [json.loads(line) for line in trail.export(runtime.db)]
    return [(row["event"], row["actor"], row["subject"]) for row in rows]


def events(runtime) -> list[str]:
    return [event for event, _, _ in changes(runtime)]


def bodies(runtime, event: str) -> list[dict]:
    rows = [json.loads(line) for line in trail.export(runtime.db)]
    return [row["body"] for row in rows if row["event"] == event]


@pytest.fixture
def ann(world):  # noqa: F811
    header = world.user("ann")
    world.client.headers.update(header)
    return people.get_user(world.runtime.db, "ann").id


def test_uploads_changes_and_deletions_of_documents_are_recorded_with_their_actor(world, ann):  # noqa: F811
    made = world.client.post("/v1/collections", json={"name": "birds"}).json()["id"]
    document = upload(world.client, made, {"ducks.md": DUCKS}).json()["documents"][0]["id"]
    upload(world.client, made, {"ducks.md": DUCKS})  # the same again: nothing changed
    world.work()
    world.client.patch(f"/v1/documents/{document}", json={"enabled": False})
    world.client.patch(f"/v1/collections/{made}", json={"settings": {"k": 3}})
    world.client.delete(f"/v1/documents/{document}")
    told = [row for row in changes(world.runtime) if row[1] == ann]
    assert told == [
        ("collection.created", ann, made),
        ("document.uploaded", ann, document),
        ("document.changed", ann, document),
        ("collection.changed", ann, made),
        ("document.deleted", ann, document),
    ]
    assert bodies(world.runtime, "document.uploaded") == [{"collection": made, "version": 1}]
    assert bodies(world.runtime, "collection.changed")[0]["settings"] == {"k": 3}
    (item,) = [body["bin"] for body in bodies(world.runtime, "document.deleted")]
    world.client.delete(f"/v1/collections/{made}/bin/{item}")
    assert changes(world.runtime)[-1] == ("document.erased", ann, document)
    assert not trail.verify(world.runtime.db).found
    text = "\n".join(trail.export(world.runtime.db))
    assert "ducks.md" not in text
    assert "birds" not in text


def test_users_keys_and_sharing_are_recorded(world, ann):  # noqa: F811
    made = world.client.post("/v1/collections", json={"name": "birds"}).json()["id"]
    people.add_user(world.runtime.db, "bob")
    granted = world.client.post(f"/v1/collections/{made}/grants", json={"user": "bob", "role": "reader"})
    world.client.delete(f"/v1/collections/{made}/grants/{granted.json()['id']}")
    people.set_group(world.runtime.db, "bob", "friends", member=True)
    people.set_group(world.runtime.db, "bob", "friends", member=False)
    key = people.make_key(world.runtime.db, "bob", KeyWish())
    people.revoke_key(world.runtime.db, key.view.id)
    people.change_user(world.runtime.db, "bob", disabled=True)
    told = events(world.runtime)
    assert told[-9:] == [
        "collection.created", "user.created", "grant.changed", "grant.withdrawn", "group.joined", "group.left",
        "key.created", "key.revoked", "user.changed",
    ]  # fmt: skip
    bob = people.get_user(world.runtime.db, "bob").id
    assert bodies(world.runtime, "grant.changed") == [{"role": "reader", "user": bob}]
    assert ("grant.changed", ann, made) in changes(world.runtime)
    assert ("key.revoked", "local", key.view.id) in changes(world.runtime)
    text = "\n".join(trail.export(world.runtime.db))
    assert key.text not in text
    assert key.view.hash not in text


def test_what_fails_is_not_recorded(world, ann):  # noqa: F811
    before = events(world.runtime)
    assert world.client.post("/v1/collections", json={"name": "birds"}).status_code == 201
    assert world.client.post("/v1/collections", json={"name": "birds"}).status_code == 409
    assert world.client.delete("/v1/collections/none").status_code == 404
    assert events(world.runtime) == [*before, "collection.created"]


def test_retention_and_export_hold_changes_too(world, ann):  # noqa: F811
    world.client.post("/v1/collections", json={"name": "birds"})
    assert "collection.created" in "".join(trail.export_csv(world.runtime.db))
    page = trail.page(world.runtime.db, {"event": "collection.created", "actor": ann}, None, 10)
    assert len(page.items) == 1
