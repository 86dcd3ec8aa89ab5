"""Places in queues are given before routes: who is sent away waits for nobody's work."""

import asyncio
import contextlib
import time

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from app.admission import make_queues
from app.api.access import any_key
from app.api.admitted import AdmittedRoute, admitted, turn_of
from app.api.guard import GuardMiddleware
from app.api.overload import MOST_READ, QUIET_S, OverloadMiddleware
from app.settings.reading import load_settings

PLACES, OWN = 8, 7  # of the latter, one caller may have all
STEP_S = 0.03
BODY = {"collections": ["birds"], "query": "ducks"}


class Api:
    """A server with one route that holds the event loop for a moment, and its place until the end."""

    def __init__(self, home):
        settings = load_settings(home=home, queues={"searches": 1, "searches_waiting": PLACES - 1})
        self.seen = []
        self.gate = asyncio.Event()
        router = APIRouter(route_class=AdmittedRoute)

        @router.post("/search")
        @any_key("read")
        @admitted("searches")
        async def search(request: Request) -> Response:
            self.seen.append("begun")
            time.sleep(STEP_S)  # noqa: ASYNC251 - as the checks of a body do
            body = await request.json()
            turn = turn_of(request)
            await self.gate.wait()
            turn.end()
            return Response(body["collections"][0])

        @router.post("/unused")
        @any_key("read")
        @admitted("searches")
        async def unused() -> Response:
            return Response()

        self.app = FastAPI()
        nested = APIRouter(prefix="/v9")
        nested.include_router(router)
        self.app.include_router(nested)
        self.app.state.gate = self.app.state.runtime = None  # one person is served
        self.app.state.queues = self.queues = make_queues(settings)
        self.app.add_middleware(OverloadMiddleware)
        self.app.add_middleware(GuardMiddleware, settings=settings)
        transport = httpx.ASGITransport(self.app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://localhost/v9")

    async def call(self, path="/search", **body):
        reply = await self.client.post(path, **(body or {"json": BODY}))
        self.seen.append(reply.status_code)
        return reply


@pytest.fixture
def api(tmp_path):
    opened = Api(tmp_path)
    yield opened
    opened.queues.close()


def held(api):
    return api.queues.searches.running + api.queues.searches.waiting


def test_who_is_sent_away_waits_for_one_of_those_who_stay_at_most(api):
    async def crowd():
        calls = [asyncio.create_task(api.call()) for _ in range(OWN + 4)]
        while len(api.seen) < OWN + 4:
            await asyncio.sleep(0.01)
        api.gate.set()
        return await asyncio.gather(*calls)

    replies = asyncio.run(crowd())
    assert [reply.status_code for reply in replies] == [200] * OWN + [503] * 4
    assert api.seen.index(503) <= 1
    assert api.seen[: 4 + 1].count(503) == 4
    assert all(int(reply.headers["Retry-After"]) >= 1 for reply in replies[OWN:])
    assert [reply.text for reply in replies[:OWN]] == ["birds"] * OWN
    assert held(api) == 0


def test_a_crowd_passes_first_while_all_workers_are_busy(api):
    """Requests that come one after the other are refused before the work of those in line is prepared."""

    async def crowd():
        at_work = api.queues.searches.enter("another caller")
        at_work.line_up()
        calls = []
        for _ in range(OWN + 3):
            calls.append(asyncio.create_task(api.call()))
            await asyncio.sleep(QUIET_S / 5)
        while len(api.seen) < OWN + 3:
            await asyncio.sleep(0.01)
        at_work.end()
        api.gate.set()
        await asyncio.gather(*calls)

    asyncio.run(crowd())
    assert api.seen[: OWN + 3] == [503] * 3 + ["begun"] * OWN
    assert held(api) == 0


def test_another_caller_has_a_place_of_his_own(api):
    async def crowd():
        calls = [asyncio.create_task(api.call()) for _ in range(OWN + 1)]
        other = asyncio.create_task(api.call(json={"collections": ["geese"]}))
        while len(api.seen) < OWN + 2:
            await asyncio.sleep(0.01)
        api.gate.set()
        return await asyncio.gather(*calls, other)

    replies = asyncio.run(crowd())
    assert [reply.status_code for reply in replies] == [200] * OWN + [503, 200]


@pytest.mark.parametrize(
    "body",
    [
        {"content": b"{"},
        {"content": b"[" * 20_000, "headers": {"Content-Type": "application/json"}},
        {"json": []},
        {"json": BODY | {"query": "x" * MOST_READ}},
        {"data": {"a": "b"}},
    ],
    ids=str.split("text deep list large form"),
)
def test_a_body_of_any_kind_gets_a_place_and_gives_it_back(api, body):
    api.gate.set()
    with contextlib.suppress(ValueError, TypeError):  # of the route above, which checks nothing
        asyncio.run(api.call(**body))
    assert held(api) == 0


@pytest.mark.parametrize(("method", "path"), [("GET", "/search"), ("POST", "/unused"), ("POST", "/search/")])
def test_a_place_that_nobody_takes_over_is_given_back(api, method, path):
    asyncio.run(api.client.request(method, path, json=BODY))
    assert held(api) == 0
