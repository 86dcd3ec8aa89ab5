"""Webhooks over REST and on the command line."""

import json
import time

import pytest

from app.webhooks import hooks

URL = "https://example.org/hook"


def test_a_webhook_is_made_shown_once_switched_tried_and_deleted(api):
    made = api.post("/v1/webhooks", json={"url": URL, "events": ["job.failed"], "description": "Chat"})
    assert made.status_code == 201
    body = made.json()
    secret = body.pop("secret")
    assert secret.startswith("whsec_")
    path = f"/v1/webhooks/{body['id']}"
    assert api.get(path).json() == body
    assert secret not in api.get("/v1/webhooks").text
    assert api.patch(path, json={"enabled": False}).json()["enabled"] is False
    sent = api.post(f"{path}/test")
    assert (sent.status_code, sent.json()["event"]) == (202, "webhook.test")
    listed = api.get(f"{path}/deliveries").json()["items"]
    assert [one["id"] for one in listed] == [sent.json()["id"]]
    again = api.post(f"{path}/deliveries/{sent.json()['message_id']}/replay")
    assert (again.status_code, again.json()["id"]) == (202, sent.json()["id"])
    assert api.post(f"{path}/deliveries/msg_99/replay").json()["code"] == "message_not_found"
    assert api.delete(path).status_code == 204
    assert api.get(path).json()["code"] == "webhook_not_found"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"url": "ftp://example.org"}, "bad_url"),
        ({"url": "http://127.0.0.1/x"}, "address_not_public"),
        ({"events": ["job.lost"]}, "invalid_request"),
        ({"collection": "none"}, "collection_not_found"),
    ],
)
def test_a_webhook_that_can_not_be_is_refused(api, change, code):
    assert api.post("/v1/webhooks", json={"url": URL} | change).json()["code"] == code


def test_the_server_delivers_by_itself(receiver, settings, parts):
    from fastapi.testclient import TestClient

    from app.main import create_app

    private = settings.model_copy(
        update={"webhooks": settings.webhooks.model_copy(update={"allow_private": True})}
    )
    with TestClient(create_app(private, parts)) as client:
        made = client.post("/v1/webhooks", json={"url": receiver.url}).json()["id"]
        client.post(f"/v1/webhooks/{made}/test")
        assert receiver.arrived.wait(15)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            (one,) = client.get(f"/v1/webhooks/{made}/deliveries").json()["items"]
            if one["state"] == "delivered":
                break
            time.sleep(0.05)
        assert one["state"] == "delivered"


def test_the_command_line_makes_lists_tries_and_removes(fathom, receiver, monkeypatch):
    monkeypatch.setenv("FATHOM_WEBHOOKS__ALLOW_PRIVATE", "true")
    code, out, _ = fathom("webhooks", "add", receiver.url, "--event", "job.done", "--json")
    made = json.loads(out)
    assert (code, made["secret"][:6], made["events"]) == (0, "whsec_", ["job.done"])
    assert made["id"] in fathom("webhooks", "list")[1]
    assert fathom("webhooks", "test", made["id"])[0] == 0
    assert receiver.got
    receiver.answers = [500]
    code, out, _ = fathom("webhooks", "test", made["id"])
    assert (code, "the receiver answered 500" in out) == (6, True)
    code, out, _ = fathom("webhooks", "deliveries", made["id"], "--json")
    messages = [one["message_id"] for one in json.loads(out)["items"]]
    assert fathom("webhooks", "replay", made["id"], messages[-1])[0] == 0
    assert fathom("webhooks", "enable", made["id"], "--off")[0] == 0
    assert fathom("webhooks", "remove", made["id"])[0] == 0
    assert fathom("webhooks", "remove", made["id"])[0] == 3


def test_a_key_for_one_collection_makes_webhooks_for_it_alone(runtime):
    from app.db.access import Reader
    from app.identity import people
    from app.library import collections

    user = people.add_user(runtime.db, "ann").id
    mine = runtime.seen_by(Reader(user_id=user))
    birds = collections.create(mine.db, name="birds").row.id
    whole = hooks.create(mine.db, URL).view.id
    narrow = runtime.seen_by(Reader(user_id=user, collection_ids=(birds,))).db
    with pytest.raises(Exception, match="some collections only"):
        hooks.create(narrow, URL)
    made = hooks.create(narrow, URL, collection="birds").view
    assert [view.id for view in hooks.page(narrow, None, 9).items] == [made.id]
    assert {view.id for view in hooks.page(mine.db, None, 9).items} == {whole, made.id}
