"""Both clients against a real server: what they give is typed, and what fails tells its code."""

import inspect
from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import httpx
import pytest

from app.client import AsyncFathom, Fathom, FathomFailure
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS
from tests.ui.servers import serve

QUESTION = "What do ducks eat?"
HERE = {"document.name": {"eq": "ducks.md"}}
ELSEWHERE = {"document.name": {"eq": "geese.md"}}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    parts = replace(small_parts(), generator=lambda _: CopyingGenerator())
    app = create_app(load_settings(home=tmp_path_factory.mktemp("client") / "home"), parts)
    with serve(app) as address:
        worker = Worker(app.state.runtime)
        yield address, worker.run_pending


class Awaited:
    """An `AsyncFathom` that is called as a `Fathom`."""

    def __init__(self, address):
        self.address = address

    def __getattr__(self, name):
        def call(*args, **options):
            async def main():
                async with AsyncFathom(self.address) as fathom:
                    found = getattr(fathom, name)(*args, **options)
                    if isinstance(found, AsyncIterator):
                        return [item async for item in found]
                    return await found

            return anyio.run(main)

        return call


@pytest.fixture(params=["waits", "is awaited"])
def fathom(request, server):
    if request.param == "waits":
        with Fathom(server[0]) as client:
            yield client
    else:
        yield Awaited(server[0])


def test_from_a_collection_to_an_answer_and_back_to_nothing(fathom, server):
    made = fathom.create_collection("birds", "What swims")
    taken = fathom.upload(made.id, {"ducks.md": DUCKS}, external_id="wiki/1", metadata={"team": "docs"})
    server[1]()
    (job,) = fathom.wait_for(taken)
    assert (job.state, job.error) == ("done", None)
    assert fathom.collection("birds").documents == 1
    assert [item.name for item in fathom.collections()] == ["birds"]
    (document,) = fathom.documents("birds", filter={"team": {"eq": "docs"}})
    assert list(fathom.documents("birds", filter=ELSEWHERE)) == []
    assert fathom.document(document.id).external_id == "wiki/1"
    text = fathom.content(document.id).text
    hit = fathom.search("weeds and insects", ["birds"], k=1, filter=HERE).hits[0]
    assert hit.text == text[hit.start : hit.end]
    answer = fathom.ask(QUESTION, ["birds"], history=[("Who swims?", "Ducks.")])
    assert answer.answerable
    assert {text[item.start : item.end] == item.quote for item in answer.citations} == {True}
    events = list(fathom.stream(QUESTION, ["birds"]))
    assert "".join(event.text for event in events) == events[-1].answer.text
    assert [event.answer is None for event in events] == [True] * (len(events) - 1) + [False]
    assert not fathom.ask(QUESTION, ["birds"], filter=ELSEWHERE).answerable
    assert fathom.answer(answer.id).text == answer.text
    fathom.delete_answer(answer.id)
    fathom.delete_document(document.id)
    fathom.delete_collection("birds")
    assert list(fathom.collections()) == []


def test_what_fails_tells_its_code(fathom):
    for call in (
        lambda: fathom.ask(QUESTION, ["cows"]),
        lambda: list(fathom.stream(QUESTION, ["cows"])),
        lambda: fathom.collection("cows"),
    ):
        with pytest.raises(FathomFailure, match="no collection 'cows'") as failed:
            call()
        assert (failed.value.status, failed.value.code) == (404, "collection_not_found")
        assert failed.value.hint


def test_a_server_that_is_not_there_is_told():
    with (
        Fathom("http://127.0.0.1:1") as nowhere,
        pytest.raises(FathomFailure, match="can't be reached") as failed,
    ):
        nowhere.ask(QUESTION, ["birds"])
    assert (failed.value.status, failed.value.code) == (0, "unreachable")


def test_both_clients_have_the_same_methods():
    def methods(client):
        return {
            name: (str(inspect.signature(method).parameters), method.__doc__)
            for name, method in inspect.getmembers(client, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(Fathom) == methods(AsyncFathom)


def test_it_loads_nothing_heavy():
    import subprocess
    import sys

    script = "import sys, app.client; print({'torch', 'sqlalchemy', 'fastapi', 'numpy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"


PAUSES = (
    'id: 1\nevent: meta\ndata: {"id": "ans_1"}\n\n: ping\n\n'
    'id: 2\nevent: token\ndata: {"text": "Weeds."}\n\n: ping\n\n: ping\n\n'
    'id: 3\nevent: token\ndata: {"text": " Insects."}\n\n'
)


def test_pings_of_a_slow_answer_are_no_events() -> None:
    """The server sends a comment in each pause, which httpx-sse gives as an event without data once events have ids."""
    reply = httpx.Response(200, headers={"content-type": "text/event-stream"}, text=PAUSES)
    transport = httpx.MockTransport(lambda _: reply)
    with Fathom(transport=transport) as fathom:
        assert [event.name for event in fathom.stream(QUESTION, ["birds"])] == ["meta", "token", "token"]


def test_pings_are_no_events_where_they_are_awaited_either() -> None:
    async def texts() -> list[str]:
        reply = httpx.Response(200, headers={"content-type": "text/event-stream"}, text=PAUSES)
        async with AsyncFathom(transport=httpx.MockTransport(lambda _: reply)) as fathom:
            return [event.text async for event in fathom.stream(QUESTION, ["birds"])]

    assert anyio.run(texts) == ["", "Weeds.", " Insects."]
