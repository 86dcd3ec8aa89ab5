"""The client against a server on a real socket: streams in any pieces, and every way in which a server can fail."""

import socket
import threading

import pytest

from generator.errors import (
    ModelServerBusyError,
    ModelServerError,
    ModelServerKeyError,
    ModelServerNotFoundError,
    ModelServerRequestError,
    ModelServerTimeoutError,
    ModelServerUnreachableError,
)
from generator.openai.client import ChatClient, ServerConfig
from generator.quoting.completion import Ended
from tests.generator.openai.model_server import (
    DONE,
    PATIENCE_S,
    chunk,
    completion,
    model_server,
    refusing,
    saying,
    streaming,
)

MESSAGES = [{"role": "user", "content": "Which weeds?"}]


def client_of(url, **more):
    return ChatClient(ServerConfig(base_url=url, model="small", **more))


def ask(client, temperature=0.0):
    """Text and end of a completion."""
    items = list(client.complete(MESSAGES, max_tokens=50, temperature=temperature, seed=7))
    assert isinstance(items[-1], Ended)
    return "".join(item for item in items if isinstance(item, str)), items[-1]


def told(reply, **more):
    """The error of a client that gets this reply."""
    with model_server(reply) as server, pytest.raises(ModelServerError) as error:
        ask(client_of(server.url, **more))
    return error.value


def test_a_stream_arrives_whole_with_its_end():
    with model_server(saying("They eat ", "weeds", ".", tokens=4)) as server:
        assert ask(client_of(server.url)) == ("They eat weeds.", Ended("stop", 4))


def test_the_request_is_of_the_protocol():
    with model_server(saying("x")) as server:
        ask(client_of(server.url + "/", api_key="sk-1"))
        ask(client_of(server.url), temperature=0.5)
    first, second = server.seen
    assert first.path == "/v1/chat/completions"
    assert first.headers["Authorization"] == "Bearer sk-1"
    assert first.body["model"] == "small"
    assert first.body["messages"] == MESSAGES
    assert (first.body["stream"], first.body["max_tokens"], first.body["temperature"]) == (True, 50, 0)
    assert "seed" not in first.body
    assert "Authorization" not in second.headers
    assert second.body["seed"] == 7


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_bytes_may_be_cut_anywhere(size):
    # line separators that are none in an event stream, characters of two to four bytes, CRLF, comments, no space
    stream = b": ping\r\n\r\n" + b"".join(completion("鸭子吃杂草\u2028和🦆", "é\x85."))
    stream = stream.replace(b"data: ", b"data:", 1).replace(b"\n\n", b"\r\n\r\n")
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    with model_server(streaming(pieces)) as server:
        assert ask(client_of(server.url))[0] == "鸭子吃杂草\u2028和🦆é\x85."


def test_chunked_bodies_are_read():
    def reply(conversation):
        conversation.start(transfer_encoding="chunked")
        for piece in completion("鸭", "子"):
            conversation.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        conversation.send(b"0\r\n\r\n")

    with model_server(reply) as server:
        assert ask(client_of(server.url))[0] == "鸭子"


def test_a_charset_in_the_header_changes_nothing():
    def reply(conversation):
        conversation.start(content_type="text/event-stream; charset=iso-8859-1")
        conversation.send(*completion("鸭"))

    with model_server(reply) as server:
        assert ask(client_of(server.url))[0] == "鸭"


@pytest.mark.parametrize(
    "pieces",
    [
        [chunk("a"), chunk(finish="stop")],  # no [DONE], but the end was told
        [chunk("a"), DONE],  # no reason, but the end was told
        [
            b'data: {"choices":null,"usage":{"completion_tokens":1}}\n\n',
            chunk("a"),
            chunk(finish="stop"),
            DONE,
        ],
        [b"event: x\nid: 1\n\n", chunk("a", finish="stop")],
    ],
)
def test_servers_differ_in_how_they_end(pieces):
    with model_server(streaming(pieces)) as server:
        assert ask(client_of(server.url))[0] == "a"


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (
            401,
            {"error": {"message": "Incorrect API key provided: sk-secret"}},
            ModelServerKeyError,
            "Incorrect",
        ),
        (403, b"<h1>Forbidden</h1>", ModelServerKeyError, "Forbidden"),
        (
            404,
            {"error": {"message": "model 'small' not found"}},
            ModelServerNotFoundError,
            "'small' not found",
        ),
        (404, {"detail": "Not Found"}, ModelServerNotFoundError, "Not Found"),
        (
            400,
            {"error": "the request exceeds the available context size"},
            ModelServerRequestError,
            "context",
        ),
        (422, {"message": "stream_options is not known"}, ModelServerRequestError, "stream_options"),
        (429, {"error": {"message": "Rate limit reached"}}, ModelServerBusyError, "Rate limit"),
        (503, {"error": {"message": "Loading model"}}, ModelServerBusyError, "Loading"),
        (500, b"", ModelServerError, "Internal Server Error"),
        (502, b"\xff\x00broken" * 9999, ModelServerError, "broken"),
    ],
)
def test_refusals_are_told_with_what_the_server_says(status, body, kind, said):
    error = told(refusing(status, body), api_key="sk-secret")
    assert type(error) is kind
    assert said in str(error)
    assert str(status) in str(error)
    assert "sk-secret" not in str(error)
    assert len(str(error)) < 500
    assert str(error).isprintable()


def test_a_busy_server_says_when_to_come_again():
    assert told(refusing(429, b"", retry_after="12")).retry_after_s == 12
    assert told(refusing(429, b"", retry_after="Wed, 21 Oct 2026 07:28:00 GMT")).retry_after_s is None


def test_a_redirect_is_not_followed():
    error = told(refusing(301, b"", location="https://elsewhere.example/v1"))
    assert type(error) is ModelServerNotFoundError
    assert "elsewhere.example" in str(error)


def test_a_redirect_to_nowhere_is_an_error_like_others():
    assert type(told(refusing(304, b""))) is ModelServerError


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_something_else_than_a_stream_is_no_model_server(kind):
    def reply(conversation):
        conversation.start(content_type=kind)
        conversation.send(b"<html>")

    assert type(told(reply)) is ModelServerNotFoundError


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error":{"message":"CUDA out of memory","code":500}}\n\n',
        b'data: {"object":"error","message":"CUDA out of memory"}\n\n',
        b'event: error\ndata: {"error":"CUDA out of memory"}\n\n',
    ],
)
def test_an_error_in_the_stream_is_told(event):
    error = told(streaming([chunk("They eat "), event]))
    assert "CUDA out of memory" in str(error)


@pytest.mark.parametrize(
    "event", [b"data: nonsense\n\n", b"data: 3\n\n", b'data: {"choices":[{"delta":"x"}]}\n\n']
)
def test_what_is_no_chunk_is_an_error(event):
    assert "no chunk" in str(told(streaming([event, DONE])))


def cut_after_a_piece(conversation):
    conversation.start()
    conversation.send(chunk("They eat "))


def cut_in_a_chunk(conversation):
    conversation.start(transfer_encoding="chunked")
    conversation.send(b"ff\r\n", chunk("They")[:20])


def reset(conversation):
    conversation.start()
    conversation.send(chunk("They eat "))
    conversation.reset()


def reset_at_once(conversation):
    conversation.reset()


@pytest.mark.parametrize("reply", [cut_after_a_piece, cut_in_a_chunk, reset, reset_at_once])
def test_a_connection_that_is_cut_is_no_end(reply):
    error = told(reply)
    assert type(error) is ModelServerError
    assert "broke off" in str(error)


def falling_silent(begun):
    """Says nothing, or nothing more behind the first piece, until the client leaves."""

    def reply(conversation):
        if begun:
            conversation.start()
            conversation.send(chunk("They"))
        conversation.wait_for_client_to_leave()

    return reply


@pytest.mark.parametrize("begun", [False, True])
def test_a_silent_server_is_given_up(begun):
    with model_server(falling_silent(begun)) as server:
        with pytest.raises(ModelServerTimeoutError, match=r"silent for 0\.2 s"):
            ask(client_of(server.url, timeout_s=0.2))
        assert server.left.wait(PATIENCE_S)


def test_nobody_there(free_port):
    with pytest.raises(ModelServerUnreachableError, match=str(free_port)):
        ask(client_of(f"http://127.0.0.1:{free_port}/v1"))


def test_a_port_that_takes_no_connection():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        with pytest.raises(ModelServerTimeoutError):
            ask(client_of(f"http://127.0.0.1:{port}/v1", timeout_s=0.2))


@pytest.mark.parametrize("begun", [False, True])
def test_closing_hangs_up_at_once(begun):
    with model_server(falling_silent(begun)) as server:
        items = client_of(server.url).complete(MESSAGES, max_tokens=9, temperature=0, seed=0)
        while next(items) != ("They" if begun else None) or not server.asked.is_set():
            pass
        items.close()
        assert server.left.wait(PATIENCE_S)


def test_nothing_is_left_behind():
    threads = threading.active_count()
    with model_server(saying("x")) as server:
        client = client_of(server.url)
        for _ in range(3):
            ask(client)
    assert threading.active_count() <= threads


def test_models_are_listed():
    with model_server(refusing(200, {"data": [{"id": "small"}, {"id": "big"}]})) as server:
        assert client_of(server.url).models() == ["small", "big"]
        assert server.seen[0].path == "/v1/models"


@pytest.mark.parametrize("body", [b"<html>", b'{"data": 3}', b"[]"])
def test_a_list_of_models_may_be_none(body):
    with model_server(refusing(200, body)) as server, pytest.raises(ModelServerNotFoundError):
        client_of(server.url).models()
