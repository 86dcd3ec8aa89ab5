"""Every route of the application, as the application itself lists them, tried by everybody who might.

Nothing here names a route but `OPEN`: a new route is tried as soon as it is there, and one that names things this test
does not know fails it.
"""

import re

import pytest
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts

from app.api.access import (
    ANY_SCOPE,
    Rule,
    RuledMount,
    RuledRoute,
    check_rules,
    principal_of_request,
    ruled,
)
from app.identity import people
from app.library import collections
from app.main import create_app

OPEN = {
    ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/openapi.json"), ("HEAD", "/openapi.json"),
    ("GET", "/v1/sign-in"), ("POST", "/v1/sign-in"), ("POST", "/v1/sign-in/provider"),
    ("POST", "/v1/sign-in/provider/return"),
}  # fmt: skip
"""Routes that need no key; none may have a parameter."""
PRIVATE = {"key_id", "response_id", "file_id", "review_id", "binned_collection", "webhook_id"}
"""Parameters that name things of one user, whatever is granted."""
HIDDEN = {401, 403, 404}
NOBODY = {"Authorization": "Bearer fth_aaaaaaaa_" + "a" * 32}
UNKNOWN = {
    "collection": "col_" + "a" * 26,
    "document_id": "doc_" + "a" * 26,
    "job_id": "job_" + "a" * 26,
    "answer_id": "ans_" + "a" * 26,
    "external_id": "wiki/none",
    "chunk_id": "999999999",
    "bin_item": "bin_" + "a" * 26,
    "binned_collection": "bin_" + "b" * 26,
    "user": "usr_" + "a" * 26,
    "group": "nobodies",
    "key_id": "key_" + "a" * 26,
    "grant_id": "grt_" + "a" * 26,
    "response_id": "resp_" + "a" * 26,
    "store_file": "doc_" + "a" * 26,
    "file_id": "file-" + "a" * 26,
    "batch_id": "vsfb_" + "a" * 26,
    "model": "fathom:none",
    "lexicon": "none at all",
    "review_id": "rev_" + "a" * 26,
    "question_id": "gold_" + "a" * 26,
    "run_id": "run_" + "a" * 26,
    "webhook_id": "whk_" + "a" * 26,
    "message_id": "msg_" + "a" * 26,
}


def routes(app: FastAPI) -> list[tuple[str, str]]:
    found = [
        (method, context.path)
        for context in iter_route_contexts(app.routes)
        for method in sorted(context.methods or ())
    ]
    assert len(found) > 20
    return found


def parameters(path: str) -> list[str]:
    return re.findall(r"{(\w+)(?::\w+)?}", path)


def filled(path: str, things: dict[str, str]) -> str:
    for name in parameters(path):
        assert name in things, f"the test does not know what {name!r} of {path} names: teach it"
        path = re.sub(rf"{{{name}(:\w+)?}}", things[name], path)
    return path


def call(world, method: str, path: str, header: dict[str, str], things: dict[str, str] = UNKNOWN):
    described = world.app.openapi()["paths"].get(re.sub(r":\w+}", "}", path), {}).get(method.lower(), {})
    content = described.get("requestBody", {}).get("content", {})
    sent = {}
    if "multipart/form-data" in content:
        sent["files"] = [("files", ("geese.md", b"# Geese\n\nGeese fly south.\n", "text/markdown"))]
    elif "application/json" in content:
        sent["json"] = example(world.app, content["application/json"]["schema"], things)
    return world.client.request(method, filled(path, things), headers=header, **sent)


def example(app: FastAPI, schema: dict, things: dict[str, str]) -> dict:
    if "$ref" in schema:
        schema = app.openapi()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    body = dict(schema["example"])
    if "file_id" in body:
        body["file_id"] = things["document_id"]
    if "file_ids" in body:
        body["file_ids"] = [things["document_id"]]
    named = {"collections": [things["collection"]]} if "collections" in schema["properties"] else {}
    return body | named | ({"model": things["model"]} if "messages" in schema["properties"] else {})


def with_ids(app: FastAPI) -> list[tuple[str, str]]:
    """Routes that name a thing, in their path or in their body."""
    found = []
    for method, path in routes(app):
        described = app.openapi()["paths"].get(re.sub(r":\w+}", "}", path), {}).get(method.lower(), {})
        schema = (
            described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        name = schema.get("$ref", "").rpartition("/")[2]
        properties = app.openapi()["components"]["schemas"].get(name, {}).get("properties", {})
        if parameters(path) or {"collections", "messages"} & set(properties):
            found.append((method, path))
    assert len(found) > 15
    return found


def ids_in(things: dict[str, str]) -> list[str]:
    """Ids of things that only their owner knows; the number of a chunk is the number of anything."""
    return [key for key in things.values() if not key.isdecimal()]


def said(reply, things: dict[str, str]) -> str:
    """The body with the ids it was asked about, and its own number, taken out."""
    text = re.sub(r'"request_id":"[^"]*"', "", reply.text).replace("fathom:", "")
    text = text.replace(f"/chunks/{things['chunk_id']}", "/chunks/?")
    things = things | {"name": things["model"].removeprefix("fathom:")}
    for key in sorted(ids_in(things), key=len, reverse=True):
        text = text.replace(key, "?")
    return text


def test_without_a_good_key_nothing_is_told_but_that(world):
    owner = world.user("ann")
    things = world.things(owner, "birds")
    gone = world.key("ann")
    world.revoke(gone)
    told = {}
    for method, path in routes(world.app):
        if (method, path) in OPEN:
            assert not parameters(path)
            continue
        for actor, header in (("anonymous", {}), ("revoked", gone), ("made up", NOBODY)):
            reply = call(world, method, path, header, things)
            told[method, path, actor] = reply.status_code
            assert reply.headers["www-authenticate"] == "Bearer"
    assert {key: status for key, status in told.items() if status != 401} == {}


def rule_of(app: FastAPI, method: str, path: str) -> Rule:
    for context in iter_route_contexts(app.routes):
        if context.path == path and method in (context.methods or ()):
            rule = getattr(context.original_route, "rule", None)
            assert isinstance(rule, Rule)
            return rule
    raise AssertionError(path)


def administers(app: FastAPI, method: str, path: str) -> bool:
    return rule_of(app, method, path).scope == "admin"


def test_to_another_user_nothing_is_there(world):
    owner, other = world.session("ann"), world.session("bob")
    things = world.things(owner, "birds")
    differences = {}
    for method, path in with_ids(world.app):
        hidden = (403, other) if administers(world.app, method, path) else (404, owner)
        foreign, nothing = (
            call(world, method, path, other, things),
            call(world, method, path, hidden[1], UNKNOWN),
        )
        if (foreign.status_code, said(foreign, things)) != (hidden[0], said(nothing, UNKNOWN)):
            differences[method, path] = foreign.status_code, foreign.text, nothing.text
    assert differences == {}
    # and by a name that would be the owner's
    named = things | {"collection": "birds"}
    told = {route: call(world, *route, other, named).status_code for route in with_ids(world.app)}
    assert {route: status for route, status in told.items() if status != 404} == {
        route: 403 for route in told if administers(world.app, *route)
    }


def test_lists_hold_nothing_of_others(world):
    owner, other = world.user("ann"), world.user("bob")
    things = world.things(owner, "birds")
    for method, path in routes(world.app):
        if method == "GET" and not parameters(path) and (method, path) not in OPEN:
            text = call(world, method, path, other).text
            assert [key for key in ids_in(things) if key in text] == [], path


def test_a_reader_reads_and_changes_nothing(world):
    owner, reader = world.session("ann"), world.session("bob")
    things = world.things(owner, "birds")
    people.grant(world.runtime.db, things["collection"], "reader", user="bob")
    told = {}
    for method, path in with_ids(world.app):
        reply, rule = call(world, method, path, reader, things), rule_of(world.app, method, path)
        private = rule.kind == "answer" or PRIVATE & set(parameters(path))
        allowed = rule.role == "reader" and rule.scope != "admin"
        expected = 404 if private else 2 if allowed else 403
        if expected not in {reply.status_code, reply.status_code // 100}:
            told[method, path] = reply.status_code, expected
    assert told == {}
    assert world.client.get(f"/v1/documents/{things['document_id']}", headers=owner).status_code == 200


@pytest.mark.parametrize("actor", ["owner", "granted owner", "by a group"])
def test_an_owner_may_do_everything(world, actor):
    owner, friend = world.session("ann", "admin"), world.session("bob")
    told, kept = {}, world.things(owner, "birds")
    for number, (method, path) in enumerate(with_ids(world.app)):
        things = kept if method == "GET" else world.things(owner, f"birds {number}")
        rule, who = rule_of(world.app, method, path), owner
        if actor != "owner" and rule.kind not in {None, "answer", "review", "webhook"}:
            who = friend
            if actor == "by a group":
                people.set_group(world.runtime.db, "bob", "friends", member=True)
                people.grant(world.runtime.db, things["collection"], "owner", group="friends")
            else:
                people.grant(world.runtime.db, things["collection"], "owner", user="bob")
        reply = call(world, method, path, who, things)
        if reply.status_code in HIDDEN | {500}:
            told[method, path] = reply.status_code, reply.text
    assert told == {}


def test_who_had_a_grant_finds_nothing_once_it_is_taken_back(world):
    owner, other = world.session("ann"), world.session("bob")
    things = world.things(owner, "birds")
    granted = people.grant(world.runtime.db, things["collection"], "owner", user="bob")
    asked = {"collections": [things["collection"]], "question": "What do ducks eat?"}
    mine = things | {"answer_id": world.client.post("/v1/answers", json=asked, headers=other).json()["id"]}
    assert world.client.get(f"/v1/answers/{mine['answer_id']}", headers=other).status_code == 200
    people.withdraw_grant(world.runtime.db, things["collection"], granted.id)
    told = {route: call(world, *route, other, mine).status_code for route in with_ids(world.app)}
    assert {route: status for route, status in told.items() if status != 404} == {
        route: 403 for route in told if administers(world.app, *route)
    }


def test_a_key_for_some_collections_finds_no_others(world):
    owner = world.user("ann")
    birds, fish = world.things(owner, "birds"), world.things(owner, "fish")
    narrow = world.key("ann", collections=[birds["collection"]])
    bound = [route for route in with_ids(world.app) if rule_of(world.app, *route).kind is not None]
    told = {route: call(world, *route, narrow, fish).status_code for route in bound}
    assert {route: status for route, status in told.items() if status != 404} == {}
    assert world.client.get(f"/v1/documents/{birds['document_id']}", headers=narrow).status_code == 200


@pytest.mark.parametrize("scope", ["read", "ask", "write", "admin"])
def test_a_key_does_what_its_scopes_say_and_no_more(world, scope):
    owner = world.user("ann", "admin")
    things = world.things(owner, "birds")
    key = world.key("ann", scopes=[scope])
    for context in iter_route_contexts(world.app.routes):
        rule = getattr(context.original_route, "rule", None)
        if rule is None or rule.scope in {None, ANY_SCOPE, scope}:
            continue
        for method in context.methods:
            assert call(world, method, context.path, key, things).status_code == 403, context.path


def test_a_route_without_a_rule_can_not_be_made():
    router = APIRouter(route_class=RuledRoute)
    with pytest.raises(TypeError, match="no rule of access"):
        router.get("/v1/forgotten")(lambda: None)
    with pytest.raises(TypeError, match="has no parameter"):
        router.get("/v1/none")(
            ruled(Rule(scope="read", kind="document", parameter="document_id"))(lambda: None)
        )


def test_an_application_with_another_kind_of_route_does_not_start(settings, parts):
    app = create_app(settings, parts)
    app.get("/v1/forgotten")(lambda: None)
    with pytest.raises(TypeError, match="/v1/forgotten has no rule of access"):
        check_rules(app)
    mounted = create_app(settings, parts)
    mounted.mount("/elsewhere", FastAPI())
    with pytest.raises(TypeError, match="/elsewhere has no rule of access"):
        check_rules(mounted)


def test_a_mounted_application_sees_who_asks_and_what_they_may_read(world):
    async def app(scope, receive, send):
        request = Request(scope)
        runtime, name = request.state.runtime, principal_of_request(request).name
        listed = [view.row.name for view in collections.page(runtime, None, 10).items]
        await JSONResponse({"name": name, "collections": listed})(scope, receive, send)

    world.app.router.routes.insert(0, RuledMount("/mounted", app, Rule(scope="read")))
    check_rules(world.app)
    owner, other = world.user("ann"), world.user("bob")
    world.client.post("/v1/collections", json={"name": "birds"}, headers=owner)
    seen = [world.client.get("/mounted/x", headers=header).json() for header in (owner, other)]
    assert seen == [{"name": "ann", "collections": ["birds"]}, {"name": "bob", "collections": []}]
    assert world.client.get("/mounted/x").status_code == 401
    assert world.client.get("/mounted/x", headers=world.key("ann", scopes=["ask"])).status_code == 403
