"""Signing in: passwords, sessions, and a provider that speaks OpenID Connect."""

import httpx
import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey

from app.identity import people
from app.main import create_app
from app.settings.reading import load_settings
from tests.app.identity.oidc_provider import CLIENT, LocalProvider, back_from, running, shared_secret

WORDS = "four words of my own"
PERSON = {"sub": "4711", "preferred_username": "cleo"}


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def test_a_password_opens_a_session_that_signing_out_ends(world):
    people.add_user(world.runtime.db, "ann", password=WORDS)
    assert world.client.get("/v1/sign-in").json() == {"mode": "users", "provider": None}
    opened = world.client.post("/v1/sign-in", json={"name": "ann", "password": WORDS}).json()
    me = world.client.get("/v1/me", headers=bearer(opened["key"])).json()
    assert (me["name"], me["expires_at"]) == ("ann", opened["expires_at"])
    assert world.client.post("/v1/keys", json={}, headers=bearer(opened["key"])).status_code == 201
    assert world.client.delete("/v1/sign-in", headers=bearer(opened["key"])).status_code == 204
    people.revoke_key(world.runtime.db, opened["key"].split("_")[1])  # it is known, and was revoked before
    assert "session" not in world.client.get("/v1/me", headers=bearer(opened["key"])).text


@pytest.mark.parametrize(
    ("name", "password"), [("ann", WORDS + "x"), ("nobody", WORDS), ("bob", WORDS), ("gone", WORDS)]
)
def test_nobody_else_signs_in_and_all_are_told_the_same(world, name, password):
    people.add_user(world.runtime.db, "ann", password=WORDS)
    people.add_user(world.runtime.db, "bob")
    people.add_user(world.runtime.db, "gone", password=WORDS)
    people.change_user(world.runtime.db, "gone", disabled=True)
    reply = world.client.post("/v1/sign-in", json={"name": name, "password": password})
    assert (reply.status_code, reply.json()["code"]) == (401, "wrong_password")


def test_passwords_of_one_name_can_not_be_tried_without_end(world):
    tried = [
        world.client.post("/v1/sign-in", json={"name": "nobody", "password": "x"}).status_code
        for _ in range(22)
    ]
    assert tried[:20] == [401] * 20
    assert tried[21] == 429


def test_one_person_has_nobody_sign_in(api):
    assert api.get("/v1/sign-in").json() == {"mode": "single", "provider": None}
    assert api.post("/v1/sign-in", json={"name": "a", "password": "b"}).json()["code"] == "no_sign_in"
    assert api.post("/v1/sign-in/provider").json()["code"] == "no_provider"


@pytest.fixture
def provider():
    with running(LocalProvider(PERSON)) as made:
        yield made


@pytest.fixture
def served(settings, parts, provider):
    """Fathom with a provider, where whoever it vouches for becomes a user."""
    with _served(settings, parts, provider, make_users=True) as client:
        yield client


def _served(settings, parts, provider, **more):
    sign_in = {
        "issuer": provider.url,
        "client_id": CLIENT[0],
        "client_secret": CLIENT[1],
        "redirect_url": "http://127.0.0.1:8501/sign-in/back",
        "provider_name": "Example",
    } | more
    made = load_settings(
        home=settings.home, allowed_hosts=settings.allowed_hosts, mode="users", sign_in=sign_in
    )
    return TestClient(create_app(made, parts))


def through_the_provider(client):
    begun = client.post("/v1/sign-in/provider").json()
    returned = back_from(httpx.get(begun["url"], follow_redirects=False).headers["location"])
    assert returned["state"] == begun["state"]
    return client.post("/v1/sign-in/provider/return", json=returned), returned


def test_whom_the_provider_vouches_for_is_a_user_from_then_on(served):
    assert served.get("/v1/sign-in").json() == {"mode": "users", "provider": "Example"}
    first, returned = through_the_provider(served)
    again, _ = through_the_provider(served)
    me = [served.get("/v1/me", headers=bearer(reply.json()["key"])).json() for reply in (first, again)]
    assert me[0]["name"] == "cleo"
    assert me[0]["id"] == me[1]["id"]
    assert me[0]["admin"] is False
    used = served.post("/v1/sign-in/provider/return", json=returned)
    assert (used.status_code, used.json()["code"]) == (401, "sign_in_over")


def test_a_user_of_the_same_name_is_not_taken_over_but_linked_by_an_administrator(served, provider):
    database = served.app.state.runtime.db
    people.add_user(database, "cleo", "admin")
    refused, _ = through_the_provider(served)
    assert refused.json()["code"] == "user_exists"
    subject = f"{provider.url} {PERSON['sub']}"
    assert subject in refused.json()["hint"]
    people.change_user(database, "cleo", subject=subject)
    linked, _ = through_the_provider(served)
    assert served.get("/v1/me", headers=bearer(linked.json()["key"])).json()["admin"] is True
    people.add_user(database, "another", "admin")
    people.change_user(database, "cleo", disabled=True)
    assert through_the_provider(served)[0].json()["code"] == "not_a_user"


def test_nobody_becomes_a_user_unless_that_is_wanted(settings, parts, provider):
    with _served(settings, parts, provider) as client:
        assert through_the_provider(client)[0].json()["code"] == "not_a_user"


WRONG = {
    "for another client": {"claims": {"aud": "another"}},
    "of another provider": {"claims": {"iss": "https://elsewhere.example"}},
    "too old": {"claims": {"exp": 1_000_000_000, "iat": 999_999_000}},
    "of another sign-in": {"claims": {"nonce": "another"}},
    "without a subject": {"claims": {"sub": None}, "person": {}},
    "signed by somebody else": {"key": RSAKey.generate_key(2048, {"kid": "one"})},
    "signed with the client's secret": {"key": shared_secret(), "algorithm": "HS256"},
}


@pytest.mark.parametrize("why", WRONG)
def test_a_wrong_token_opens_nothing(served, provider, why):
    for name, value in WRONG[why].items():
        setattr(provider, name, value)
    reply, _ = through_the_provider(served)
    assert (reply.status_code, reply.json()["code"]) == (401, "sign_in_refused")
    with served.app.state.runtime.db.read() as session:
        from app.db import identity

        assert not identity.has_users(session)


def test_a_provider_that_is_away_or_another_than_configured_is_told(settings, parts, provider):
    right = provider.url
    provider.url = "https://elsewhere.example"
    with _served(settings, parts, LocalProvider(PERSON, url=right)) as client:
        assert "elsewhere.example" in client.post("/v1/sign-in/provider").json()["detail"]
    with _served(settings, parts, LocalProvider(PERSON, url="http://127.0.0.1:9")) as client:
        reply = client.post("/v1/sign-in/provider")
        assert (reply.status_code, reply.json()["code"]) == (503, "sign_in_unavailable")
