#!/usr/bin/env bash
# Guess: a keep-alive comment gives no event. The WHATWG text says so: a blank line with an empty data buffer dispatches
# nothing. So a server whose events have ids can send sse-starlette's pings to a client that reads with httpx-sse.
# Seen with httpx-sse 0.4.3 and sse-starlette 3.7.0 (httpx 0.28.1): once an event had an id, each ping gives an event "message"
# with empty data and the id of the event before, for the decoder drops a blank line only where no id was ever seen.
# Without ids the pings are silent, so that a test of a stream without ids shows nothing. A client that parses `data` as
# JSON fails at the first pause of the server.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check httpx==0.28.1 httpx-sse==0.4.3 sse-starlette==3.7.0
"$folder/venv/bin/python" -W ignore - <<'PY'
import httpx
from httpx_sse import connect_sse
from sse_starlette import ServerSentEvent

PING = ServerSentEvent(comment="ping").encode()


def read(*events: ServerSentEvent) -> list[tuple[str, str, str]]:
    """Events that the client gives for these, a ping behind each."""
    body = b"".join(event.encode() + PING for event in events)
    reply = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)
    with httpx.Client(transport=httpx.MockTransport(lambda _: reply)) as client:
        with connect_sse(client, "GET", "http://server") as source:
            return [(event.id, event.event, event.data) for event in source.iter_sse()]


print("a ping is", PING)
without = read(ServerSentEvent("a"), ServerSentEvent("b"))
numbered = read(ServerSentEvent("a", id="1"), ServerSentEvent("b", id="2"))
print("without ids:", without)
print("with ids:   ", numbered)
assert [data for _, _, data in without] == ["a", "b"]
assert numbered == [("1", "message", "a"), ("1", "message", ""), ("2", "message", "b"), ("2", "message", "")]
PY
