"""The client against a real server that speaks the contract."""

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.ui.fake_api import FakeStore
from tests.ui.servers import free_port
from ui.client import FathomClient, Upload
from ui.errors import ApiError, ApiUnreachableError
from ui.wire import Document


def until_settled(client: FathomClient, collection_id: str) -> list[Document]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        items = client.documents(collection_id).items
        if all(d["status"] in {"ready", "failed"} for d in items):
            return items
        time.sleep(0.05)
    raise AssertionError("documents are still in progress")


def filled(client: FathomClient, *texts: str) -> str:
    collection = client.create_collection("Whales", description="d", settings={"k": 4})
    client.upload(
        collection["id"], [Upload(name=f"{i}.txt", content=t.encode()) for i, t in enumerate(texts)]
    )
    until_settled(client, collection["id"])
    return collection["id"]


def test_lists_are_read_page_by_page(client: FathomClient) -> None:
    for number in range(5):
        client.create_collection(f"c{number}")
    first = client.collections(limit=2)
    assert [c["name"] for c in first.items] == ["c0", "c1"]
    assert [c["name"] for c in client.collections(cursor=first.next_cursor, limit=10).items] == [
        "c2",
        "c3",
        "c4",
    ]
    assert len(client.all_collections()) == 5


def test_the_same_file_twice_makes_one_document(client: FathomClient) -> None:
    collection = client.create_collection("c")
    upload = Upload(name="蓝鲸.txt", content="蓝鲸".encode(), media_type="text/plain")
    first = client.upload(collection["id"], [upload])
    second = client.upload(collection["id"], [upload])
    assert first["documents"][0]["name"] == "蓝鲸.txt"
    assert len(first["jobs"]) == 1
    assert second["jobs"] == []
    assert second["documents"][0]["id"] == first["documents"][0]["id"]


def test_a_failed_document_says_why_and_can_be_retried(client: FathomClient) -> None:
    collection_id = filled(client, "FAIL encrypted")
    document = client.documents(collection_id).items[0]
    assert document["error"] is not None
    assert (document["status"], document["error"]["code"]) == ("failed", "encrypted")
    client.retry_document(document["id"])
    assert until_settled(client, collection_id)[0]["status"] == "ready"


def test_content_and_original_agree(client: FathomClient) -> None:
    document = client.documents(filled(client, "# Head\n\nbody 𝔸")).items[0]
    content = client.content(document["id"])
    assert content["text"] == "# Head\n\nbody 𝔸"
    assert client.original(document["id"]).decode() == content["text"]
    assert client.chunks(document["id"]).items[0]["end"] == 8


def test_disabling_and_deleting_reach_the_server(client: FathomClient) -> None:
    collection_id = filled(client, "krill.")
    document = client.documents(collection_id).items[0]
    assert client.enable_document(document["id"], enabled=False)["enabled"] is False
    assert client.search([collection_id], "krill")["hits"] == []
    client.delete_document(document["id"])
    assert client.documents(collection_id).items == []


def test_a_streamed_answer_arrives_event_by_event(client: FathomClient) -> None:
    collection_id = filled(client, "A whale eats krill. It sleeps.")
    with client.ask([collection_id], "What about krill?") as events:
        seen = list(events)
    assert seen[0] is None  # the ping
    names = [e.name for e in seen if e]
    assert names[0] == "meta"
    assert names[-1] == "done"
    answer = json.loads(seen[-1].data)["answer"]  # type: ignore[union-attr]
    assert answer["citations"][0]["quote"] == "A whale eats krill."
    tokens = "".join(json.loads(e.data)["text"] for e in seen if e and e.name == "token")
    assert tokens == answer["text"]
    assert client.answer(answer["id"])["status"] == "done"


def test_the_provenance_of_a_stored_answer_can_be_read(client: FathomClient) -> None:
    collection_id = filled(client, "A whale eats krill. It sleeps.")
    with client.ask([collection_id], "What about krill?") as events:
        answer = json.loads([e for e in events if e][-1].data)["answer"]
    found = client.provenance(answer["id"])
    assert [run["kind"] for run in found["runs"]] == ["written", "copied"]
    assert found["runs"][1]["ranges"][0]["quote"] == "A whale eats krill."


def test_a_stream_resumes_behind_the_last_event(client: FathomClient) -> None:
    collection_id = filled(client, "A whale eats krill.")
    with client.ask([collection_id], "krill") as events:
        seen = [e for e in events if e]
    answer_id = json.loads(seen[0].data)["id"]
    with client.resume(answer_id, seen[2].last_id) as events:
        again = [e for e in events if e]
    assert again == seen[3:]


def test_a_problem_document_becomes_an_error(client: FathomClient) -> None:
    client.create_collection("taken")
    with pytest.raises(ApiError, match="Choose another name") as caught:
        client.create_collection("taken")
    assert (caught.value.status, caught.value.code) == (409, "name_taken")
    assert caught.value.request_id == "req_1"
    with pytest.raises(ApiError, match="too long"), client.ask(["taken"], "x" * 100_000):
        pass


def test_identifiers_cannot_leave_their_place_in_the_path(client: FathomClient, store: FakeStore) -> None:
    with pytest.raises(ApiError):
        client.document("../collections?x=1")
    assert store.calls[-1][1].startswith("/v1/documents/")


def test_mutating_calls_carry_an_idempotency_key(client: FathomClient, store: FakeStore) -> None:
    client.create_collection("c")
    assert len(store.calls[-1][2]["idempotency-key"]) == 32


def test_nobody_there_is_said_with_the_address() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with FathomClient(url) as client, pytest.raises(ApiUnreachableError, match=url):
        client.health()


def test_a_kept_connection_that_was_closed_is_opened_again() -> None:
    """The server answers one request on each connection and closes the next one without a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        body = b'{"items": [], "next_cursor": null, "has_more": false}'
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)

        def serve() -> None:
            for _ in range(2):
                connection, _peer = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(head + body)
                    connection.recv(65536)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with FathomClient(f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
            assert client.collections().items == []
            assert client.collections().items == []
        thread.join(5)


@pytest.fixture
def other_server() -> Iterator[str]:
    """Something at the address that is not Fathom: it answers with a page of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path.startswith("/v1/documents") else 502)
            self.end_headers()
            self.wfile.write(b"<html>a proxy</html>")

        def log_message(self, *arguments: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_replies_that_are_not_ours_are_errors_too(other_server: str) -> None:
    with FathomClient(other_server) as client:
        with pytest.raises(ApiError, match="HTTP 502"):
            client.collections()
        with pytest.raises(ApiUnreachableError, match="no JSON"):
            client.document("doc_1")
        assert client.readiness()["ok"] is False


def test_names_come_as_people_are_to_see_them(client: FathomClient) -> None:
    collection = client.create_collection("Whales")
    client.upload(collection["id"], [Upload(name="invoice\u202etxt.exe", content=b"blubber")])
    document = until_settled(client, collection["id"])[0]
    assert document["name"] == "invoice[U+202E]txt.exe"
