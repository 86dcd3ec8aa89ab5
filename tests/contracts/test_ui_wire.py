"""What the pages expect of the REST interface is what it says that it sends; so is what their fake of it sends."""

import json
import re
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import httpx
import pytest
from jsonschema import Draft202012Validator

from app.main import create_app
from app.settings.reading import load_settings
from tests.ui.fake_api import FakeStore, create_fake_api
from tests.ui.servers import serve
from tests.ui.test_client import until_settled
from ui import wire
from ui.client import FathomClient, Upload
from ui.errors import ApiError
from ui.wire.collections import BinItem

REPLIES = {
    wire.Collection: "CollectionOut",
    wire.Document: "DocumentOut",
    wire.Job: "JobOut",
    wire.UploadReply: "UploadOut",
    wire.ChunkItem: "ChunkOut",
    wire.Content: "ContentOut",
    wire.Answer: "AnswerOut",
    wire.Provenance: "ProvenanceOut",
    wire.SearchReply: "SearchOut",
    wire.Field: "FieldOut",
    BinItem: "BinItemOut",
}
SIMPLE = {
    str: {"string"},
    int: {"integer"},
    float: {"number", "integer"},
    bool: {"boolean"},
    type(None): {"null"},
}


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The interface's own description."""
    return create_app(load_settings(home=tmp_path_factory.mktemp("described"))).openapi()


class Comparison:
    """Types of the pages against schemas of a description."""

    def __init__(self, described: dict[str, Any]) -> None:
        self.schemas = described["components"]["schemas"]

    def faults(self, kind: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
        """What the interface may send here that the type leaves out."""
        kinds = get_args(kind) if get_origin(kind) in {typing.Union, types.UnionType} else (kind,)
        for variant in self.variants(schema):
            found = [list(self.faults_of_one(one, variant, where)) for one in kinds]
            if all(found):
                yield from min(found, key=len)

    def variants(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        for variant in schema.get("anyOf") or schema.get("oneOf") or ():
            yield from self.variants(variant)
        if not {"anyOf", "oneOf"} & set(schema):
            yield schema

    def faults_of_one(self, kind: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
        origin, sent = get_origin(kind), schema.get("type")
        if kind is Any:
            return
        if typing.is_typeddict(kind):
            yield from self.faults_of_fields(kind, schema, where)
        elif origin is Literal:
            values = set(schema.get("enum", [schema.get("const")]))
            if not values <= set(get_args(kind)):
                yield f"{where}: {values} are sent, {kind} is expected"
        elif origin is list and sent == "array":
            yield from self.faults(get_args(kind)[0], schema["items"], f"{where}[]")
        elif origin is dict and sent == "object":
            more = schema.get("additionalProperties")
            values = [*schema.get("properties", {}).values(), *([more] if isinstance(more, dict) else [])]
            for value in values:
                yield from self.faults(get_args(kind)[1], value, f"{where}{{}}")
        elif sent not in SIMPLE.get(kind, set()):
            yield f"{where}: {sent} is sent, {kind} is expected"

    def faults_of_fields(self, kind: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
        fields = schema.get("properties", {})
        for name, expected in typing.get_type_hints(kind).items():
            if name not in fields:
                yield f"{where}.{name} is never sent"
            elif name in kind.__required_keys__ and name not in schema.get("required", []):
                yield f"{where}.{name} may be left out"
            else:
                yield from self.faults(expected, fields[name], f"{where}.{name}")


@pytest.mark.parametrize("kind", REPLIES, ids=lambda kind: kind.__name__)
def test_the_pages_expect_what_the_interface_sends(kind: Any, described: dict[str, Any]) -> None:
    schema = described["components"]["schemas"][REPLIES[kind]]
    assert list(Comparison(described).faults(kind, schema, kind.__name__)) == []


@pytest.mark.parametrize(
    ("kind", "schema", "fault"),
    [
        (str, {"type": "integer"}, "x: integer is sent, <class 'str'> is expected"),
        (str, {"anyOf": [{"type": "string"}, {"type": "null"}]}, "x: null is sent, <class 'str'> is expected"),
        (list[str], {"type": "array", "items": {"type": "null"}}, "x[]: null is sent, <class 'str'> is expected"),
        (wire.Kept, {"type": "object", "properties": {"start": {"type": "integer"}}}, "x.start may be left out"),
    ],
)  # fmt: skip
def test_a_difference_is_found(kind: Any, schema: dict[str, Any], fault: str) -> None:
    assert fault in list(Comparison({"components": {"schemas": {}}}).faults(kind, schema, "x"))


def as_described(described: dict[str, Any], response: httpx.Response) -> list[str]:
    """What is wrong with a reply."""
    method, path, status = (
        response.request.method.lower(),
        response.request.url.path,
        str(response.status_code),
    )
    place = f"{method.upper()} {path} {status}"
    routes = [route for route in described["paths"] if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route), path)]
    if not routes or method not in described["paths"][routes[0]]:
        return [f"{place}: there is no such route"]
    replies = described["paths"][routes[0]][method]["responses"]
    reply = replies.get(status) or (replies.get("default") if response.is_error else None)
    if reply is None:
        return [f"{place}: only {sorted(replies)} are described"]
    media = response.headers.get("content-type", "").partition(";")[0]
    content = reply.get("content", {})
    if media not in content and (content or response.content):
        return [f"{place}: {media} is sent, only {sorted(content)} are described"]
    if "json" not in media:
        return []
    schema = content[media].get("schema", {}) | {"components": described["components"]}
    errors = Draft202012Validator(schema).iter_errors(response.json())
    return [f"{place}, {error.json_path}: {error.message[:200]}" for error in errors]


TEXT = "# Whales\n\nA whale eats krill. It sleeps.\n\n- It swims.\n"
QUESTIONS = [
    "What about krill?",
    "Is it perhaps krill?",
    "Tell nothing",
    "Tell the whole of krill",
    "And krill?",
]


def use(client: FathomClient) -> None:
    """Do what the pages do."""
    collection = client.create_collection("Whales", description="d", settings={"k": 4})["id"]
    files = {"a.md": TEXT, "b.txt": f"{TEXT} LOST words", "c.txt": "FAIL corrupt_file"}
    sent = client.upload(collection, [Upload(name=n, content=t.encode()) for n, t in files.items()])
    client.add_page(collection, "https://example.com/page")
    until_settled(client, collection)
    client.all_collections()
    whale, failed = sent["documents"][0]["id"], sent["documents"][2]["id"]
    client.document(whale)
    client.enable_document(whale, enabled=True)
    client.set_tags(whale, ["sea"])
    client.content(whale)
    client.original(whale)
    client.enable_chunk(whale, client.chunks(whale).items[0]["id"], enabled=False)
    client.chunks(whale)
    client.retry_document(failed)
    client.search([collection], "krill")
    for question in QUESTIONS:
        with client.ask([collection], question, [{"question": "What eats?", "answer": "It."}]) as events:
            last = [event for event in events if event is not None][-1]
        answer = json.loads(last.data)["answer"]["id"]
        client.answer(answer)
        client.provenance(answer)
        client.feedback(answer, rating=1, comment="good")
    client.stop_answer(answer)
    for refused in (lambda: client.document("doc_none"), lambda: client.create_collection("Whales")):
        with pytest.raises(ApiError):
            refused()
    client.readiness()
    client.health()
    client.delete_document(whale)
    client.restore(collection, client.bin_items(collection)[0]["id"])
    client.delete_document(whale, erase=True)
    client.delete_document(failed)
    client.erase(collection, client.bin_items(collection)[0]["id"])
    client.delete_collection(collection)
    client.restore(None, client.bin_items(None)[0]["id"])
    client.delete_collection(collection)
    client.erase(None, client.bin_items(None)[0]["id"])


def test_every_reply_of_the_fake_interface_is_as_described(described: dict[str, Any]) -> None:
    faults: list[str] = []

    def check(response: httpx.Response) -> None:
        if "event-stream" not in response.headers.get("content-type", ""):
            response.read()
            faults.extend(as_described(described, response))

    with serve(create_fake_api(FakeStore())) as url, FathomClient(url) as client:
        client._http.event_hooks = {"response": [check]}
        use(client)
    assert not faults, "\n".join(faults)


def test_the_fake_interface_has_no_route_of_its_own(described: dict[str, Any]) -> None:
    fake = create_fake_api(FakeStore()).openapi()["paths"]
    shapes = {re.sub(r"\{\w+\}", "{}", path): set(methods) for path, methods in described["paths"].items()}
    own = {
        (path, method)
        for path, methods in fake.items()
        for method in methods
        if method not in shapes.get(re.sub(r"\{\w+\}", "{}", path), ())
    }
    assert own == set()
