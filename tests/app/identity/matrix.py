"""The access matrix as a table: `python -m tests.app.identity.matrix` tries every route that names a thing."""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient

from app.api.access import Rule
from app.identity import people
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.doubles import small_parts
from tests.app.identity.conftest import World
from tests.app.identity.test_access_matrix import OPEN, PRIVATE, call, parameters, routes, rule_of, with_ids

ACTORS = ("owner", "reader", "editor", "co-owner", "other user", "revoked key", "anonymous")
RANK = {"reader": 1, "editor": 2, "owner": 3}
GRANTED = {"reader": "reader", "editor": "editor", "co-owner": "owner"}
DONE = "2xx"


def allowed(rule: Rule, actor: str, path: str) -> set[str]:
    """Outcomes that a rule lets an actor have; `owner` administers, all are signed in."""
    if actor in {"revoked key", "anonymous"}:
        return {"401"}
    if actor == "owner":
        return {DONE, "4xx"}  # found; the request itself may be one that can't be done, as a second of a name
    if rule.scope == "admin":
        return {"403"}
    if actor == "other user" or rule.kind == "answer" or PRIVATE & set(parameters(path)):
        return {"404"}
    if rule.kind is not None and RANK[GRANTED[actor]] < RANK[rule.role]:
        return {"403"}
    return {DONE, "4xx"}


def outcome(status: int) -> str:
    """2xx, the status of a refusal, or 4xx for any other fault of the request."""
    if status < 300:
        return DONE
    return str(status) if status in {401, 403, 404} or status >= 500 else "4xx"


@contextmanager
def _world() -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(home=Path(folder) / "home", mode="users", allowed_hosts=("testserver",))
        app = create_app(settings, small_parts())
        with TestClient(app) as client:
            yield World(app, client, app.state.runtime, Worker(app.state.runtime).run_pending)


def main() -> int:
    """Print the table; gives the number of violations, at most 100."""
    with _world() as world:
        headers = {
            actor: world.session(actor, "admin" if actor == "owner" else "member") for actor in ACTORS[:5]
        }
        headers |= {"revoked key": world.key("owner"), "anonymous": {}}
        world.revoke(headers["revoked key"])
        people.add_user(world.runtime.db, "ann")  # whom the example of a grant names
        wrong, tried = [], Counter[str]()
        print(f"| route | {' | '.join(ACTORS)} |\n| --- |{' --- |' * len(ACTORS)}")
        for method, path in with_ids(world.app):
            told = []
            for actor in ACTORS:
                things = world.things(headers["owner"], f"{method} {path} {actor}".replace("/", " "))
                if actor in GRANTED:
                    people.grant(world.runtime.db, things["collection"], GRANTED[actor], user=actor)
                got = outcome(call(world, method, path, headers[actor], things).status_code)
                tried[actor] += 1
                told.append(got)
                if got not in allowed(rule_of(world.app, method, path), actor, path):
                    wrong.append((method, path, actor, got))
            print(f"| {method} `{path}` | {' | '.join(told)} |")
        others = [route for route in routes(world.app) if route not in OPEN | set(with_ids(world.app))]
        for method, path in others:
            for actor in ("revoked key", "anonymous"):
                tried[actor] += 1
                if call(world, method, path, headers[actor]).status_code != 401:
                    wrong.append((method, path, actor, "let in"))
    print(f"\n{tried.total()} requests, {len(wrong)} violations {wrong or ''}")
    return min(len(wrong), 100)


if __name__ == "__main__":
    sys.exit(main())
