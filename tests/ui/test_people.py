"""Users, keys and sharing on the pages, against the real interface with users."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from streamlit.testing.v1 import AppTest

from app.db.access import Reader
from app.identity import people
from app.identity.people import KeyWish
from app.library import collections
from app.main import create_app
from app.settings.reading import load_settings
from tests.app.doubles import small_parts
from tests.ui.servers import serve
from tests.ui.test_pages import page, shown
from ui import state
from ui.client import FathomClient
from ui.components.keys import is_over

PEOPLE = "from ui.views import people\npeople.render()"
COLLECTIONS = "from ui.views import collections\ncollections.render()"


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    return create_app(load_settings(home=tmp_path / "home", mode="users"), small_parts())


@pytest.fixture
def url(app: FastAPI) -> Iterator[str]:
    with serve(app) as found:
        yield found


@pytest.fixture
def as_user(app: FastAPI, url: str, monkeypatch: pytest.MonkeyPatch):
    """Show the pages to a user by this name."""
    opened = []

    def show(name: str, role: str = "member") -> FathomClient:
        db = app.state.runtime.db
        user = people.add_user(db, name, role)
        client = FathomClient(url)
        opened.append(client)
        seen = client.with_key(people.open_session(db, user.id, hours=1).text)
        monkeypatch.setattr(state, "client", lambda: seen)
        monkeypatch.setattr(state, "signed_in", seen.me)
        monkeypatch.setattr(state, "has_users", lambda: True)
        return seen

    yield show
    for client in opened:
        client.close()


def field(app: AppTest, kind: str, label: str):
    return next(e for e in app.get(kind) if e.label == label)


def cards(app: AppTest, key: str):
    """Cards of one list, by their names."""
    import json

    for element in app.get("bidi_component"):
        if key in element.proto.id:
            return {item["name"]: item for item in json.loads(element.proto.json)["items"]}
    return {}


def test_an_administrator_creates_a_user(as_user) -> None:
    client = as_user("ada", "admin")
    app = page(PEOPLE).run()
    field(app, "text_input", "Name").set_value("cleo")
    field(app, "button", "Create user").click().run()
    assert "People and keys" in shown(app)
    assert {user["name"]: user["role"] for user in client.users()}["cleo"] == "member"
    field(app, "text_input", "Name").set_value("cleo")
    field(app, "button", "Create user").click().run()
    assert "There is a user of this name already" in shown(app)


def test_a_new_key_is_shown_once_with_its_limits_and_works(as_user, url: str) -> None:
    client = as_user("ada", "admin")
    collection = client.create_collection("handbook")
    app = page(PEOPLE)
    app.session_state["people_part"] = "keys"
    app.run()
    field(app, "text_input", "What it is for").set_value("help desk")
    field(app, "multiselect", "Only these collections").set_value([collection["id"]])
    field(app, "number_input", "Requests a minute (optional)").set_value(60)
    field(app, "number_input", "Requests a day (optional)").set_value(1000)
    field(app, "button", "Create key").click().run()
    assert "It is shown this once" in shown(app)
    made = app.session_state["new_key_shown"]
    reply = httpx.get(f"{url}/v1/me", headers={"Authorization": f"Bearer {made['key']}"})
    assert reply.json()["scopes"] == ["ask", "read"]
    (kept,) = client.keys()
    assert (kept["collections"], kept["rate_per_minute"], kept["quota_per_day"]) == (
        [collection["id"]],
        60,
        1000,
    )
    field(app, "button", "I have copied it").click().run()
    assert "It is shown this once" not in shown(app)
    assert made["key"] not in shown(app)


def test_a_revoked_key_is_over_and_an_expired_one_too(as_user) -> None:
    key = {"revoked_at": None, "expires_at": None}
    assert not is_over(key)  # type: ignore[arg-type]
    assert is_over(key | {"revoked_at": "2026-01-01T00:00:00Z"})  # type: ignore[arg-type]
    assert is_over(key | {"expires_at": "2020-01-01T00:00:00Z"})  # type: ignore[arg-type]
    assert not is_over(key | {"expires_at": "2999-01-01T00:00:00Z"})  # type: ignore[arg-type]


def test_revoking_asks_first(app: FastAPI, as_user, url: str) -> None:
    client = as_user("ada", "admin")
    db = app.state.runtime.db
    made = people.make_key(db, people.get_user(db, "ada").id, KeyWish(name="old bot", scopes=["read"]))
    run = page(PEOPLE)
    run.session_state["people_part"] = "keys"
    run.session_state["revoke_key"] = ("revoke", made.view.id)
    run.run()
    assert "old bot" in shown(run)
    field(run, "button", "Revoke").click().run()
    assert client.keys()[0]["revoked_at"] is not None


def test_a_member_sees_their_own_keys_alone(as_user) -> None:
    as_user("bob")
    app = page(PEOPLE).run()
    assert "My keys" in shown(app)
    assert "No keys yet." in shown(app)
    assert [b.label for b in app.button] == ["Create key"]
    assert "manage users" not in field(app, "multiselect", "It may").options


def test_role_and_groups_are_changed(as_user) -> None:
    client = as_user("ada", "admin")
    bob = client.create_user("bob", role="member", password=None)
    client.join_group(bob["id"], "old")
    app = page(PEOPLE)
    app.session_state["people_action"] = ("change", bob["id"])
    app.run()
    field(app, "text_input", "Groups, separated by commas").set_value("legal，readers")
    field(app, "button", "Save").click().run()
    assert next(u for u in client.users() if u["name"] == "bob")["groups"] == ["legal", "readers"]


def test_where_one_person_works_nobody_is_managed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "signed_in", lambda: None)
    app = page(PEOPLE).run()
    assert "FATHOM_MODE=users" in shown(app)


def test_a_collection_is_shared_and_withdrawn(app: FastAPI, as_user) -> None:
    people.add_user(app.state.runtime.db, "bob")
    client = as_user("ann")
    collection = client.create_collection("handbook")
    run = page(COLLECTIONS)
    run.query_params["share"] = collection["id"]
    run.run()
    assert "Shared with nobody yet." in shown(run)
    field(run, "text_input", "Name").set_value("nobody")
    field(run, "button", "Share").click().run()
    assert "There is no such user" in shown(run)
    field(run, "text_input", "Name").set_value("bob")
    field(run, "button", "Share").click().run()
    assert [(g["user"], g["role"]) for g in client.grants(collection["id"])] == [("bob", "reader")]
    client.withdraw(collection["id"], client.grants(collection["id"])[0]["id"])
    assert client.grants(collection["id"]) == []


def test_who_only_reads_a_collection_cannot_share_it(app: FastAPI, as_user) -> None:
    db = app.state.runtime.db
    owner = people.add_user(db, "ann")
    made = collections.create(db.seen_by(Reader(user_id=owner.id)), name="handbook")
    as_user("bob")
    people.grant(db, made.row.id, "reader", user="bob", group=None)
    run = page(COLLECTIONS)
    run.query_params["share"] = made.row.id
    run.run()
    assert "Only an owner can share this collection" in shown(run)
