"""Users, keys and grants over REST and on the command line; the first start; how keys are kept."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.cli import serve
from app.cli.serve import FIRST_KEY
from app.composition.runtime import build_runtime
from app.db.types import utc_now
from app.errors import TooManyRequestsError, UnauthenticatedError
from app.identity import people, secrets
from app.identity.gate import FRESH_S, Gate
from app.identity.limits import Limits
from app.identity.people import KeyWish
from app.identity.principal import SCOPES, Principal
from app.main import create_app
from app.settings.reading import load_settings


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_the_first_start_makes_an_owner_to_whom_all_belongs_that_there_is(api, runtime, settings, parts):
    api.post("/v1/collections", json={"name": "birds"})
    made = people.first_owner(runtime.db)
    assert made is not None
    assert people.first_owner(runtime.db) is None
    people.add_user(runtime.db, "second", "admin")
    second = people.make_key(runtime.db, "second", KeyWish())
    with TestClient(create_app(settings.model_copy(update={"mode": "users"}), parts)) as client:
        listed = client.get("/v1/collections", headers=bearer(made.text)).json()["items"]
        assert [one["name"] for one in listed] == ["birds"]
        assert client.get("/v1/collections", headers=bearer(second.text)).json()["items"] == []
    assert made.text in FIRST_KEY.format(made.text)


def test_the_owners_key_is_printed_at_the_first_start_alone(settings, parts, runtime, monkeypatch, capsys):
    monkeypatch.setattr(serve, "build_runtime", lambda *_: runtime)
    monkeypatch.setattr(serve._Server, "run", lambda self, sockets: [one.close() for one in sockets])
    for mode, printed in (("single", 0), ("users", 1), ("users", 0)):
        serve.run_server(settings.model_copy(update={"mode": mode, "port": 0}), parts)
        assert len(re.findall(r"fth_[a-z2-7]{8}_[a-z2-7]{32}", capsys.readouterr().out)) == printed


def test_running_all_tells_the_owners_key_on_the_terminal_and_in_no_log(fathom, tmp_path, monkeypatch):
    seen = {}

    async def supervise(settings, **given):
        seen.update(given)
        return 0

    monkeypatch.setattr("app.supervisor.supervise", supervise)
    for name, value in {"MODE": "users", "PORT": "0", "UI_PORT": "0"}.items():
        monkeypatch.setenv(f"FATHOM_{name}", value)
    code, out, _ = fathom("run")
    assert code == 0
    assert FIRST_KEY.partition("{}")[0] in out
    assert "fth_" not in (tmp_path / "home" / "logs" / "run.log").read_text(encoding="utf-8")
    runtime = build_runtime(load_settings(home=tmp_path / "home"))
    assert Gate(runtime.db).admit(seen["key"]).kind == "session"
    runtime.close()
    assert "fth_" not in fathom("run")[1]


def test_one_person_needs_no_key_and_nobody_else_is_served(api):
    assert api.get("/v1/me").json() == {
        "mode": "single", "id": None, "name": "", "admin": True,
        "scopes": sorted(SCOPES), "collections": None, "expires_at": None,
    }  # fmt: skip
    with pytest.raises(Exception, match='mode = "single" asks nobody for a key'):
        load_settings(host="192.168.1.10")
    assert load_settings(host="192.168.1.10", mode="users").host == "192.168.1.10"


def test_a_key_is_shown_once_and_kept_as_a_hash(world):
    header = world.session("ann", "admin")
    made = world.client.post("/v1/keys", json={"name": "bot", "scopes": ["read"]}, headers=header)
    key = made.json()["key"]
    secret = key.split("_")[2]
    assert len(secret) * 5 >= 128  # base32: five bits a letter
    assert key.split("_")[1] == made.json()["prefix"]
    listed = world.client.get("/v1/keys", headers=header)
    assert secret not in listed.text
    assert [one["name"] for one in listed.json()["items"]] == ["bot"]
    with world.runtime.db.read() as session:
        kept = session.scalar(text("SELECT hash FROM api_keys WHERE name = 'bot'"))
    assert kept.startswith("$argon2id$")
    assert secret not in kept
    assert world.client.get("/v1/collections", headers=bearer(key)).status_code == 200
    assert (
        world.client.get(
            "/v1/collections", headers=bearer(key[:-1] + ("b" if key[-1] == "a" else "a"))
        ).status_code
        == 401
    )
    assert len({secrets.new_key().text for _ in range(5)}) == 5


def test_a_key_makes_no_keys_and_a_member_none_for_others(world):
    member, key = world.session("bob"), world.user("eve")
    assert world.client.post("/v1/keys", json={}, headers=member).status_code == 201
    refused = world.client.post("/v1/keys", json={"user": "eve"}, headers=member)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_admin")
    refused = world.client.post("/v1/keys", json={}, headers=key)
    assert (refused.status_code, refused.json()["code"]) == (403, "key_makes_no_keys")
    admin = world.user("ann", "admin")
    assert world.client.post("/v1/keys", json={"user": "eve"}, headers=admin).json()["user"] == "eve"
    assert len(world.client.get("/v1/keys", params={"user": "eve"}, headers=admin).json()["items"]) == 2


def test_a_key_may_revoke_itself_and_no_other(world):
    key, other = world.user("ann"), world.key("ann")
    ids = {
        name: world.keys[header["Authorization"].split()[1]]
        for name, header in (("own", key), ("other", other))
    }
    assert world.client.delete(f"/v1/keys/{ids['other']}", headers=key).status_code == 403
    assert world.client.delete(f"/v1/keys/{ids['own']}", headers=key).status_code == 204
    assert world.client.delete(f"/v1/keys/{ids['other']}", headers=other).status_code == 204


def test_a_disabled_user_and_an_expired_key_are_let_in_no_more(world):
    admin, member = world.session("ann", "admin"), world.user("bob")
    assert world.client.get("/v1/me", headers=member).json()["name"] == "bob"
    assert world.client.patch("/v1/users/bob", json={"disabled": True}, headers=admin).json()["disabled_at"]
    ends = utc_now() + timedelta(seconds=0.2)
    brief = world.key("ann", expires_at=ends)
    end = datetime.now(UTC) + timedelta(seconds=5)
    told = set()
    while told != {401} and datetime.now(UTC) < end:
        told = {world.client.get("/v1/me", headers=header).status_code for header in (member, brief)}
    assert told == {401}
    last = world.client.patch("/v1/users/ann", json={"role": "member"}, headers=admin)
    assert last.json()["code"] == "last_admin"


def test_a_rate_lets_so_many_come_at_once_and_says_when_to_come_again():
    now, limits = [100.0], None
    limits = Limits(lambda *_: 0, monotonic=lambda: now[0])
    principal = Principal(user_id="usr_a", key_id="key_a", rate_per_minute=30)
    for _ in range(30):
        limits.count(principal)
    with pytest.raises(TooManyRequestsError) as refused:
        limits.count(principal)
    assert refused.value.retry_after_s == 2
    now[0] += 2.0
    limits.count(principal)
    with pytest.raises(TooManyRequestsError):
        limits.count(principal)


def test_a_quota_counts_what_other_processes_counted(world):
    people.add_user(world.runtime.db, "ann")
    made = people.make_key(world.runtime.db, "ann", KeyWish(quota_per_day=4))
    gates = [Gate(world.runtime.db), Gate(world.runtime.db)]
    for gate in gates:
        gate.limits.count(gate.admit(made.text))
        gate._flush()
    gates[0].limits.count(gates[0].admit(made.text))
    gates[0]._flush()  # which tells it the total: three
    gates[0].limits.count(gates[0].admit(made.text))
    with pytest.raises(TooManyRequestsError, match="4 requests a day"):
        gates[0].limits.count(gates[0].admit(made.text))


def test_a_secret_is_hashed_once_and_its_row_looked_at_again(world, monkeypatch):
    people.add_user(world.runtime.db, "ann")
    made, now, hashed = people.make_key(world.runtime.db, "ann", KeyWish()), [0.0], []
    fits = secrets.fits
    monkeypatch.setattr(secrets, "fits", lambda *args: hashed.append(args) or fits(*args))
    gate = Gate(world.runtime.db, lambda: now[0])
    assert gate.remembered(made.text) is None
    gate.admit(made.text)
    assert gate.remembered(made.text) is not None
    people.revoke_key(world.runtime.db, made.view.prefix)
    now[0] += FRESH_S + 0.01
    assert gate.remembered(made.text) is None
    with pytest.raises(UnauthenticatedError):
        gate.admit(made.text)
    assert len(hashed) == 1


def test_the_command_line_manages_users_keys_and_grants(fathom, settings, parts):
    def ran(*arguments: str) -> dict:
        code, out, err = fathom(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    assert ran("users", "add", "ann", "--admin")["role"] == "admin"
    assert ran("users", "add", "bob")["role"] == "member"
    assert ran("users", "join", "bob", "readers")["groups"] == ["readers"]
    made = ran("collections", "create", "birds")
    key = ran("keys", "create", "bob", "--scope", "read", "--collection", "birds", "--days", "2")
    assert (key["scopes"], key["collections"]) == (["read"], [made["id"]])
    grant = ran("grants", "add", "birds", "reader", "--group", "readers")
    assert ran("grants", "list", "birds")["items"] == [grant]
    runtime = build_runtime(settings, parts)
    gate = Gate(runtime.db)
    assert gate.admit(key["key"]).name == "bob"
    assert ran("grants", "remove", "birds", grant["id"]) == {"removed": grant["id"]}
    assert ran("users", "leave", "bob", "readers")["groups"] == []
    assert ran("keys", "revoke", key["prefix"])["revoked_at"]
    assert not gate.still_good(key["id"])
    assert [one["prefix"] for one in ran("keys", "list")["items"]] == [key["prefix"]]
    assert [one["name"] for one in ran("users")["items"]] == ["ann", "bob"]
    assert ran("users", "change", "bob", "--disable")["disabled_at"]
    code, _, err = fathom("users", "change", "ann", "--disable")
    assert code == 4
    assert "only administrator" in err
    runtime.close()


def test_a_kept_reply_and_a_stored_answer_go_with_the_grant(world):
    owner, reader = world.session("ann"), world.user("bob")
    things = world.things(owner, "birds")
    granted = people.grant(world.runtime.db, things["collection"], "reader", user="bob")
    body = {"collections": [things["collection"]], "question": "What do ducks eat?"}
    same = reader | {"Idempotency-Key": "one"}
    first = world.client.post("/v1/answers", json=body, headers=same)
    again = world.client.post("/v1/answers", json=body, headers=same)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    people.withdraw_grant(world.runtime.db, things["collection"], granted.id)
    replayed = world.client.post("/v1/answers", json=body, headers=same)
    assert replayed.status_code == 410
    assert first.json()["id"] not in replayed.text
    assert world.client.get(f"/v1/answers/{first.json()['id']}", headers=reader).status_code == 404
    assert world.client.get(f"/v1/answers/{things['answer_id']}", headers=owner).status_code == 200
