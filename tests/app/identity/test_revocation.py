"""Rights that end while they are used: keys, grants, groups and users, through a real server."""

import json
import re
import threading
import time

import pytest

from app.identity import people
from tests.app.copying_generator import CopyingGenerator
from tests.app.texts import DUCKS, upload

BITES_WITHIN_S = 10.0
"""A second on a quiet machine; beside other tests, enough that the stream ended by itself and not with the test."""


class SlowGenerator(CopyingGenerator):
    """Goes on writing until the test is over."""

    def __init__(self):
        super().__init__()
        self.over = threading.Event()

    def _events(self, request):
        events = list(super()._events(request))
        yield from events[:-1]
        while not self.over.wait(0.1):
            yield events[0]


@pytest.fixture
def generator():
    made = SlowGenerator()
    yield made
    made.over.set()


def shared_collection(world) -> tuple[dict[str, str], str]:
    """A collection of ann's that bob reads; gives the header of bob's key, and its id."""
    owner, reader = world.session("ann"), world.user("bob")
    made = world.client.post("/v1/collections", json={"name": "birds"}, headers=owner).json()["id"]
    world.client.headers.update(owner)
    upload(world.client, made, {"ducks.md": DUCKS})
    del world.client.headers["Authorization"]
    world.work()
    people.set_group(world.runtime.db, "bob", "friends", member=True)
    people.grant(world.runtime.db, made, "reader", group="friends")
    return reader, made


ENDS = {
    "key revoked": lambda world, reader, _: world.revoke(reader),
    "user disabled": lambda world, *_: people.change_user(world.runtime.db, "bob", disabled=True),
    "left the group": lambda world, *_: people.set_group(world.runtime.db, "bob", "friends", member=False),
    "grant withdrawn": lambda world, _, made: people.withdraw_grant(
        world.runtime.db, made, people.grants_of(world.runtime.db, made)[0].id
    ),
}


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("follows", ["its own stream", "the events of the answer"])
def test_a_stream_under_way_ends_within_a_second(served, how, follows):
    reader, made = shared_collection(served)
    body = {"collections": [made], "question": "What do ducks eat?", "stream": True}
    with served.client.stream("POST", "/v1/answers", json=body, headers=reader) as asked:
        lines = asked.iter_lines()
        answer = _first_answer_id(lines)
        if follows == "its own stream":
            ended_after, last = _read_until_end(served, how, reader, made, lines)
        else:
            with served.client.stream("GET", f"/v1/answers/{answer}/events", headers=reader) as followed:
                told = followed.iter_lines()
                _first_answer_id(told)
                ended_after, last = _read_until_end(served, how, reader, made, told)
    assert ended_after <= BITES_WITHIN_S
    if "problem" in last:
        assert last["problem"]["code"] in {"key_invalid", "access_withdrawn", "answer_not_found"}
    else:  # whoever generates saw it first: its passages are there for the reader no more
        assert last["answer"]["reason"] == "sources_withdrawn"
        assert last["answer"]["citations"] == last["answer"]["nearest"] == []
    # and nothing of it is left to be read, neither with that key nor with another of the user
    people.change_user(served.runtime.db, "bob", disabled=False)
    again = served.key("bob")
    stored = served.client.get(f"/v1/answers/{answer}", headers=again)
    assert stored.status_code == (200 if how in {"key revoked", "user disabled"} else 404)
    assert served.client.get(f"/v1/answers/{answer}", headers=reader).status_code in {401, stored.status_code}


def _first_answer_id(lines) -> str:
    """The id of the answer, once the first of its text came: what is withdrawn before is not even searched."""
    answer = ""
    for line in lines:
        if found := re.search(r"ans_[a-z2-7]{26}", line):
            answer = answer or found[0]
        if answer and line == "event: token":
            return answer
    raise AssertionError("the stream began no answer")


def _read_until_end(world, how, reader, made, lines) -> tuple[float, dict]:
    """Let the right end, and read on; gives the seconds until the stream ended, and what it said last."""
    ENDS[how](world, reader, made)
    began, last = time.monotonic(), {}
    for line in lines:
        if line.startswith("data: "):
            last = json.loads(line.removeprefix("data: "))
    return time.monotonic() - began, last


def test_a_revoked_key_opens_nothing_after_a_second_whatever_was_cached(served):
    reader, made = shared_collection(served)
    ask = {"collections": [made], "query": "ducks"}
    same = reader | {"Idempotency-Key": "one"}
    assert served.client.post("/v1/search", json=ask, headers=same).status_code == 200
    served.revoke(reader)
    began = time.monotonic()
    while served.client.post("/v1/search", json=ask, headers=same).status_code != 401:
        assert time.monotonic() - began < BITES_WITHIN_S
    assert served.client.post("/v1/search", json=ask, headers=same).status_code == 401
