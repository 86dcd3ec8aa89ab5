"""Delivery of webhook messages: in order, again after a failure, once more after a kill, to public addresses only."""

import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from app.db import identity
from app.db.access import Reader
from app.db.types import utc_now
from app.identity import people
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, erasing, proving
from app.settings.groups import WebhookSettings
from app.webhooks import hooks
from app.webhooks.delivery import BACK_OFF_S, Delivery
from docs.webhook_receiver import verified
from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import DUCKS, GEESE, upload

OPEN = WebhookSettings(allow_private=True, timeout_s=2.0, attempts=3)


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture(autouse=True)
def _no_postman(monkeypatch):
    """Messages are sent by the test, not by the server beside it."""
    for name in ("start", "stop"):
        monkeypatch.setattr(f"app.main.Postman.{name}", lambda _: None)


class Clock:
    """Stands still, a minute after all that a test writes."""

    def __init__(self, ahead_s: float = 60.0) -> None:
        self.at = utc_now() + timedelta(seconds=ahead_s)

    def __call__(self):
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def delivery(runtime, clock):
    return Delivery(db=runtime.db, settings=OPEN, now=clock)


def hook(runtime, receiver, **given):
    return hooks.create(runtime.db, receiver.url, allow_private=True, **given)


def states(runtime, made):
    found = hooks.deliveries(runtime.db, made.view.id, None, 50).items
    return [(one.event, one.state, one.attempts) for one in found][::-1]


def test_a_message_is_signed_and_verified_by_the_receiver_of_the_docs(runtime, receiver, delivery, clock):
    made = hook(runtime, receiver)
    hooks.send_test(runtime.db, made.view.id)
    assert delivery.deliver_all() == 1
    ((headers, body),) = receiver.got
    told = verified(made.secret, headers, body, clock().timestamp())
    assert (told["type"], told["data"]) == ("webhook.test", {"webhook_id": made.view.id})
    assert headers["content-type"] == "application/json"
    assert states(runtime, made) == [("webhook.test", "delivered", 1)]
    assert delivery.deliver_all() == 0


def test_a_failed_message_comes_again_before_those_behind_it(runtime, receiver, delivery, clock):
    made = hook(runtime, receiver)
    for _ in range(3):
        hooks.send_test(runtime.db, made.view.id)
    receiver.answers = [503, 500]
    assert delivery.deliver_all() == 1
    clock.advance(BACK_OFF_S[0] - 0.1)
    assert delivery.deliver_all() == 0
    clock.advance(0.2)
    assert delivery.deliver_all() == 1
    clock.advance(BACK_OFF_S[1])
    assert delivery.deliver_all() == 3
    first, second, third = list(dict.fromkeys(receiver.ids))
    assert receiver.ids == [first, first, first, second, third]
    assert [state for _, state, _ in states(runtime, made)] == ["delivered"] * 3


def test_after_the_last_attempt_the_next_message_goes_and_the_failed_one_can_be_replayed(
    runtime, receiver, delivery, clock
):
    made = hook(runtime, receiver)
    for _ in range(2):
        hooks.send_test(runtime.db, made.view.id)
    receiver.answers = [500] * OPEN.attempts
    for wait in (0.0, *BACK_OFF_S[:2]):
        clock.advance(wait)
        delivery.deliver_all()
    assert states(runtime, made) == [("webhook.test", "failed", 3), ("webhook.test", "delivered", 1)]
    failed = hooks.deliveries(runtime.db, made.view.id, None, 50).items[-1]
    assert (failed.status_code, failed.error) == (500, "the receiver answered 500")
    hooks.replay(runtime.db, made.view.id, failed.message_id)
    clock.advance(1)
    delivery.deliver_all()
    assert receiver.ids[-1] == failed.message_id
    assert states(runtime, made)[-1] == ("webhook.test", "delivered", 1)


def test_a_receiver_that_is_gone_for_good_switches_its_webhook_off(runtime, receiver, delivery):
    made = hook(runtime, receiver)
    hooks.send_test(runtime.db, made.view.id)
    receiver.answers = [410]
    delivery.deliver_all()
    assert not hooks.get(runtime.db, made.view.id).enabled
    assert states(runtime, made) == [("webhook.test", "failed", 1)]
    hooks.send_test(runtime.db, made.view.id)
    assert delivery.deliver_all() == 0
    hooks.switch(runtime.db, made.view.id, enabled=True)
    assert delivery.deliver_all() == 1


def test_a_silent_receiver_holds_its_own_messages_alone(runtime, receiver, delivery):
    silent = hooks.create(runtime.db, "http://127.0.0.1:9/", allow_private=True)
    made = hook(runtime, receiver)
    for one in (silent, made):
        hooks.send_test(runtime.db, one.view.id)
    assert delivery.deliver_all() == 2
    assert states(runtime, silent) == [("webhook.test", "pending", 1)]
    assert states(runtime, made) == [("webhook.test", "delivered", 1)]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "localhost"])
def test_private_addresses_are_refused_when_a_webhook_is_made(runtime, host):
    with pytest.raises(Exception, match="not a public address"):
        hooks.create(runtime.db, f"http://{host}/hook")


def test_a_name_that_leads_to_a_private_address_is_not_sent_to(runtime, receiver, clock):
    async def resolve(host, port):
        return ["127.0.0.1"]

    made = hooks.create(runtime.db, receiver.url.replace("127.0.0.1", "rebound.example"))
    hooks.send_test(runtime.db, made.view.id)
    guarded = Delivery(db=runtime.db, settings=WebhookSettings(), resolve=resolve, now=clock)
    assert guarded.deliver_all() == 1
    assert receiver.got == []
    (one,) = hooks.deliveries(runtime.db, made.view.id, None, 5).items
    assert (one.state, "not a public address" in one.error) == ("pending", True)


def test_jobs_and_answers_are_told_of_and_nothing_of_their_text(api, runtime, work, receiver, delivery):
    made = hook(runtime, receiver)
    other = hook(runtime, receiver, events=["job.failed"])
    api.post("/v1/collections", json={"name": "birds"})
    upload(api, "birds", {"ducks.md": DUCKS, "geese.md": GEESE, "broken.pdf": b"%PDF-1.4 nothing"})
    work()
    asked = {"collections": ["birds"], "question": "How many eggs lays a duck?"}
    answer = api.post("/v1/answers", json=asked).json()["id"]
    upload(api, "birds", {"ducks.md": DUCKS.replace(b"about ten", b"about twelve")})
    work()
    new = api.post(f"/v1/answers/{answer}/again", json={}).json()["id"]
    events = [event for event, _, _ in states(runtime, made)]
    assert sorted(events[:3]) == ["job.done", "job.done", "job.failed"]
    assert sorted(events[3:5]) == ["answer.outdated", "job.done"]
    assert events[5:] == ["answer.changed"]
    assert [event for event, _, _ in states(runtime, other)] == ["job.failed"]
    delivery.deliver_all()
    told = {json.loads(body)["type"]: json.loads(body)["data"] for _, body in receiver.got}
    assert told["answer.outdated"]["answer_id"] == answer
    assert (told["answer.changed"]["answer_id"], told["answer.changed"]["renews"]) == (new, answer)
    assert told["job.failed"]["code"]
    sent = b"".join(body for _, body in receiver.got)
    assert not any(word in sent for word in (b"eggs", b"duck", b"goose", b"birds", b".md"))


def test_a_webhook_hears_of_what_its_owner_may_read_and_no_more(runtime, work, receiver, delivery):
    for name in ("ann", "bob"):
        people.add_user(runtime.db, name)
    with runtime.db.read() as session:
        ann, bob = (Reader(user_id=identity.find_user(session, name).id) for name in ("ann", "bob"))
    mine = runtime.seen_by(ann)
    shared = collections.create(mine.db, name="shared").row.id
    hooks_of = {
        who: hooks.create(runtime.seen_by(reader).db, receiver.url, allow_private=True)
        for who, reader in (("ann", ann), ("bob", bob))
    }
    granted = people.grant(runtime.db, shared, "reader", user="bob")

    def again(text):
        record_uploads(runtime, shared, [Upload(name="a.md", blob=runtime.blobs.put(text))])
        work()

    def seen(who, reader):
        found = hooks.deliveries(runtime.seen_by(reader).db, hooks_of[who].view.id, None, 50).items
        return [(one.event, one.state) for one in found][::-1]

    again(b"# One\n\nOne.\n")
    assert (seen("ann", ann), seen("bob", bob)) == ([("job.done", "pending")], [("job.done", "pending")])
    people.withdraw_grant(runtime.db, shared, granted.id)
    again(b"# Two\n\nTwo.\n")
    assert (len(seen("ann", ann)), len(seen("bob", bob))) == (2, 1)
    delivery.deliver_all()  # and what was written before the grant was taken back is not sent any more
    assert seen("ann", ann) == [("job.done", "delivered")] * 2
    assert seen("bob", bob) == [("job.done", "failed")]
    with pytest.raises(Exception, match="no webhook"):
        hooks.get(runtime.seen_by(bob).db, hooks_of["ann"].view.id)


def test_messages_go_with_their_webhook(runtime, receiver):
    made = hook(runtime, receiver)
    hooks.send_test(runtime.db, made.view.id)
    hooks.delete(runtime.db, made.view.id)
    with runtime.db.read() as session:
        left = session.connection().exec_driver_sql("SELECT count(*) FROM webhook_deliveries").scalar()
    assert left == 0


def test_an_erased_document_leaves_no_more_than_its_id(runtime, work, receiver):
    """In messages that are listed for a month, and that hold no text."""
    key = collections.create(runtime.db, name="birds").row.id
    hook(runtime, receiver)
    taken = record_uploads(runtime, key, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    work()
    document = taken[0].view.document.id
    documents.delete(runtime, document)
    erasing.try_to_finish(runtime, at_most=None)
    asked = proving.Wanted(document_id=document, text=DUCKS.decode())
    found = [one.place for one in proving.findings(runtime, runtime.settings, asked)]
    assert [place for place in found if "webhook" in place] == []


CHILD = """
import sys
from app.db.engine import Database
from app.settings.groups import WebhookSettings
from app.webhooks.delivery import Delivery
settings = WebhookSettings(allow_private=True, timeout_s=0.5)
Delivery(db=Database(sys.argv[1]), settings=settings).deliver_all()
"""


@pytest.mark.processes
def test_a_process_that_is_killed_while_it_sends_leaves_the_message_to_the_next(runtime, settings, receiver):
    made = hook(runtime, receiver)
    for _ in range(2):
        hooks.send_test(runtime.db, made.view.id)
    receiver.hold.clear()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, settings.url], env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    )
    assert receiver.arrived.wait(60)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(10)
    receiver.hold.set()
    clock = Clock(ahead_s=0.1)
    delivery = Delivery(db=runtime.db, settings=OPEN.model_copy(update={"timeout_s": 0.5}), now=clock)
    assert delivery.deliver_all() == 0  # the lease lasts, and the second does not overtake the first
    clock.advance(60)
    assert delivery.deliver_all() == 2
    first, second = list(dict.fromkeys(receiver.ids))
    assert receiver.ids == [first, first, second]
    assert [(state, attempts) for _, state, attempts in states(runtime, made)] == [
        ("delivered", 2),
        ("delivered", 1),
    ]
