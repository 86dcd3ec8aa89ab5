"""Decision 0102: how long a right works on after it was taken, in streams, stored answers and repeated requests.

    python -m benchmarks.revocation [--rounds 10] [--json]

A real server with a generator that never ends by itself. A right ends in four ways (key revoked, user disabled, group
left, grant withdrawn), while a client uses it in each of these:

- stream: the stream of an answer that is made; until its last event;
- followed: the events of the same answer, followed by a second request; likewise;
- stored: a finished answer, read again and again; until it is refused;
- search: a search in the collection, again and again;
- repeated: a search with an `Idempotency-Key`, whose reply is kept;
- chat: the same through OpenAI's protocol, without a stream.

A collection that is out of reach answers 404 (410 where a reply was kept), a key that opens nothing 401.
"""

import argparse
import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from app.composition.runtime import Runtime, shipped_parts
from app.identity import people
from app.identity.people import KeyWish
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.main import create_app
from app.measuring.speed.timing import machine
from app.settings.reading import load_settings
from app.worker import Worker
from generator.types import Event, Request
from tests.app.copying_generator import CopyingGenerator
from tests.ui.servers import serve

ALLOWED_S = 1.0
GIVEN_UP_S = 10.0
QUESTION = "What do ducks eat?"
DUCKS = b"# Ducks\n\nDucks eat grass, snails and water plants all day long.\n"


class EndlessGenerator(CopyingGenerator):
    """Repeats a token for as long as `endless` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.endless = threading.Event()

    def _events(self, request: Request) -> Iterator[Event]:
        *tokens, last = super()._events(request)
        yield from tokens
        while self.endless.is_set():
            time.sleep(0.02)
            yield tokens[0]
        yield last


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody who reads a collection of others by way of a group."""

    name: str
    key: people.NewKey
    collection: str
    grant: str

    @property
    def header(self) -> dict[str, str]:
        """Shows the key."""
        return {"Authorization": f"Bearer {self.key.text}"}


def guest(runtime: Runtime, number: int) -> Guest:
    """A new user with a new collection that is shared."""
    name = f"guest {number}"
    made = collections.create(runtime.db, name=f"birds {number}").row.id
    record_uploads(runtime, made, [Upload(name="ducks.md", blob=runtime.blobs.put(DUCKS))])
    Worker(runtime).run_pending()
    people.add_user(runtime.db, name)
    people.set_group(runtime.db, name, f"friends {number}", member=True)
    grant = people.grant(runtime.db, made, "reader", group=f"friends {number}").id
    key = people.make_key(runtime.db, name, KeyWish(scopes=("read", "ask")))
    return Guest(name=name, key=key, collection=made, grant=grant)


ENDS: dict[str, Callable[[Runtime, Guest], object]] = {
    "key revoked": lambda runtime, one: people.revoke_key(runtime.db, one.key.view.id),
    "user disabled": lambda runtime, one: people.change_user(runtime.db, one.name, disabled=True),
    "group left": lambda runtime, one: people.set_group(
        runtime.db, one.name, one.name.replace("guest", "friends"), member=False
    ),
    "grant withdrawn": lambda runtime, one: people.withdraw_grant(runtime.db, one.collection, one.grant),
}


def until_refused(ask: Callable[[], httpx.Response], end: Callable[[], object]) -> float:
    """Seconds after `end` in which a request was still answered; the first must be."""
    ask().raise_for_status()
    end()
    began, worked_s = time.monotonic(), 0.0
    while worked_s < GIVEN_UP_S:
        asked_at = time.monotonic()
        reply = ask()
        if reply.status_code in {401, 403, 404, 410}:
            return worked_s
        reply.raise_for_status()
        worked_s = max(worked_s, asked_at - began)
        time.sleep(0.01)
    return worked_s


def until_over(lines: Iterator[str], end: Callable[[], object]) -> float:
    """Seconds after `end` in which a stream still told text; the answer must have begun."""
    for line in lines:
        if line == "event: token":
            break
    end()
    began, worked_s, event = time.monotonic(), 0.0, ""
    for line in lines:
        event = line.removeprefix("event: ") if line.startswith("event: ") else event
        if line.startswith("data: ") and event in {"token", "citation", "replace"}:
            withdrawn = '"written"' in line and event == "replace"  # the refusal takes the place of the text
            worked_s = worked_s if withdrawn else time.monotonic() - began
        if worked_s > GIVEN_UP_S:
            break
    return worked_s


def measured(runtime: Runtime, url: str, generator: EndlessGenerator, rounds: int) -> dict[str, Any]:
    """Seconds by use and way."""
    numbers = iter(range(10_000))
    told: dict[str, dict[str, list[float]]] = {}
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        for _ in range(rounds):
            for way, ends in ENDS.items():
                for use in USES:
                    one = guest(runtime, next(numbers))
                    seconds = USES[use](client, generator, one, partial(ends, runtime, one))
                    told.setdefault(use, {}).setdefault(way, []).append(seconds)
    return told


def _search(client: httpx.Client, one: Guest, **more: str) -> httpx.Response:
    body = {"collections": [one.collection], "query": "ducks"}
    return client.post("/v1/search", json=body, headers=one.header | more)


def _stream(
    client: httpx.Client, generator: EndlessGenerator, one: Guest, end: Callable[[], object], *, second: bool
) -> float:
    generator.endless.set()
    body = {"collections": [one.collection], "question": QUESTION, "stream": True}
    try:
        with client.stream("POST", "/v1/answers", json=body, headers=one.header) as asked:
            answer = asked.headers["x-answer-id"]
            if not second:
                return until_over(asked.iter_lines(), end)
            with client.stream("GET", f"/v1/answers/{answer}/events", headers=one.header) as followed:
                return until_over(followed.iter_lines(), end)
    finally:
        generator.endless.clear()


def _stored(client: httpx.Client, _: EndlessGenerator, one: Guest, end: Callable[[], object]) -> float:
    body = {"collections": [one.collection], "question": QUESTION}
    answer = client.post("/v1/answers", json=body, headers=one.header).raise_for_status().json()["id"]
    return until_refused(lambda: client.get(f"/v1/answers/{answer}", headers=one.header), end)


def _chat(client: httpx.Client, _: EndlessGenerator, one: Guest, end: Callable[[], object]) -> float:
    body = {
        "model": f"fathom:{one.collection}",
        "messages": [{"role": "user", "content": QUESTION}],
    }
    return until_refused(
        lambda: client.post("/openai/v1/chat/completions", json=body, headers=one.header), end
    )


USES: dict[str, Callable[[httpx.Client, EndlessGenerator, Guest, Callable[[], object]], float]] = {
    "stream": lambda *given: _stream(*given, second=False),
    "followed": lambda *given: _stream(*given, second=True),
    "stored": _stored,
    "search": lambda client, _, one, end: until_refused(lambda: _search(client, one), end),
    "repeated": lambda client, _, one, end: until_refused(
        lambda: _search(client, one, **{"Idempotency-Key": "one"}), end
    ),
    "chat": _chat,
}


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    generator = EndlessGenerator()
    with tempfile.TemporaryDirectory(prefix="fathom-bench-") as home:
        settings = load_settings(home=Path(home)).model_copy(update={"mode": "users"})
        app = create_app(settings, replace(shipped_parts(), generator=lambda _: generator))
        with serve(app) as url:
            told = measured(app.state.runtime, url, generator, options.rounds)
    if options.json:
        print(json.dumps({"machine": machine(), "seconds": told}, indent=1))
        return
    print("| in use | " + " | ".join(ENDS) + " | within 1 s |")
    print("| --- |" + " ---: |" * (len(ENDS) + 1))
    for use, ways in told.items():
        every = [seconds for some in ways.values() for seconds in some]
        shown = " | ".join(f"{max(ways[way]):.2f} s" for way in ENDS)
        print(f"| {use} | {shown} | {sum(one <= ALLOWED_S for one in every)} of {len(every)} |")


if __name__ == "__main__":
    main()
