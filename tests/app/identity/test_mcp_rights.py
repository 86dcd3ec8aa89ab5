"""Tools and resources are requests like others: they need a key, and reach what it reaches."""

import anyio
import httpx2
import pytest
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client


@pytest.fixture
def things(served):
    return served.things(served.user("ann"), "birds")


def results(served, header, *calls, mode="2026-07-28"):
    """Results of calls with a key; of resources their text."""

    async def main():
        async with httpx2.AsyncClient(headers=header) as http:
            server = streamable_http_client(f"{served.client.base_url}/mcp", http_client=http)
            async with Client(server, mode=mode) as client:
                return [await client.call_tool(name, arguments) for name, arguments in calls]

    return anyio.run(main)


@pytest.mark.parametrize("mode", ["2026-07-28", "legacy"])
def test_a_tool_finds_what_its_key_may_read(served, things, mode):
    ann, bob = served.key("ann"), served.user("bob")
    calls = [
        ("list", {}),
        ("search", {"query": "ducks", "collections": [things["collection"]]}),
        ("ask", {"question": "What do ducks eat?", "collections": [things["collection"]]}),
        ("fetch", {"id": things["document_id"]}),
    ]
    assert [reply.is_error for reply in results(served, ann, *calls, mode=mode)] == [False] * 4
    listed, *others = results(served, bob, *calls, mode=mode)
    assert listed.structured_content["collections"] == []
    for reply in others:
        assert reply.is_error
        assert "There is no " in reply.content[0].text
    reads = served.key("ann", scopes=["read"])
    found, asked = results(served, reads, calls[1], calls[2], mode=mode)
    assert (found.is_error, asked.is_error) == (False, True)
    assert "`ask` is needed" in asked.content[0].text


def test_without_a_good_key_there_is_no_protocol(served, things):
    gone = served.key("ann")
    served.revoke(gone)
    for header in ({}, gone):
        reply = served.client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=header)
        assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")


def test_a_page_of_another_site_calls_no_tool(served, things):
    foreign = served.key("ann") | {"Origin": "https://example.org"}
    reply = served.client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=foreign)
    assert (reply.status_code, reply.json()["code"]) == (403, "foreign_origin")


def test_a_resource_is_read_by_whoever_may_read_its_document(served, things):
    async def read(header):
        async with httpx2.AsyncClient(headers=header) as http:
            server = streamable_http_client(f"{served.client.base_url}/mcp", http_client=http)
            async with Client(server, mode="2026-07-28") as client:
                try:
                    found = await client.read_resource(f"fathom://documents/{things['document_id']}")
                    return found.contents[0].text
                except MCPError as error:
                    return error.message

    assert anyio.run(read, served.key("ann")).startswith("Ducks")
    assert anyio.run(read, served.user("bob")).startswith("There is no document")
