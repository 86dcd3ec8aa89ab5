"""Tools and resources through the official client: both eras of the protocol, over HTTP and over a real process."""

import anyio
import jsonschema
import pytest
from mcp import MCPError

from tests.app.texts import DUCKS

QUESTION = "Which weeds do they eat?"
TEXT = DUCKS.decode().removeprefix("# ").strip()  # as citations count it


def run(client, work):
    async def main():
        async with client as session:
            return await work(session)

    return anyio.run(main)


def test_every_tool_gives_what_its_schema_says(client):
    async def work(session):
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert set(tools) == {"search", "fetch", "ask", "list"}

        async def call(name, **arguments):
            jsonschema.validate(arguments, tools[name].input_schema)
            reply = await session.call_tool(name, arguments)
            assert not reply.is_error, reply.content
            jsonschema.validate(reply.structured_content, tools[name].output_schema)
            return reply.structured_content

        listed = await call("list")
        assert [item["name"] for item in listed["collections"]] == ["birds", "empty"]
        (document,) = (await call("list", collection="birds"))["documents"]
        found = (await call("search", query="water weeds", collections=["birds"], k=3))["results"]
        assert found[0]["text"] == TEXT[found[0]["start"] : found[0]["end"]]
        none = await call("search", query="water weeds", filter={"document.name": {"eq": "geese.md"}})
        assert none["results"] == []
        there = await call("fetch", id=found[0]["id"])
        assert (there["text"], there["document"], there["next_start"]) == (
            found[0]["text"],
            document["id"],
            None,
        )
        whole = await call("fetch", id=document["id"], start=2)
        assert (whole["text"], whole["length"]) == (TEXT[2:], len(TEXT))
        answer = await call("ask", question=QUESTION)
        assert answer["answerable"]
        for cited in answer["citations"]:
            quote = TEXT[cited["start"] : cited["end"]]
            assert quote == cited["quote"] == answer["answer"][cited["answer_start"] : cited["answer_end"]]
            (part,) = (await session.read_resource(cited["id"])).contents
            assert part.text == quote
        assert answer["citations"]

    run(client, work)


@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_documents_are_resources_by_range(client):
    async def work(session):
        (template,) = (await session.list_resource_templates()).resource_templates
        assert template.uri_template == "fathom://documents/{document}{?start,end}"
        (resource,) = (await session.list_resources()).resources
        (whole,) = (await session.read_resource(resource.uri)).contents
        assert whole.text == TEXT
        (part,) = (await session.read_resource(f"{resource.uri}?start=2&end=14")).contents
        assert part.text == TEXT[2:14]
        for wrong, told in [
            (f"{resource.uri}?start=5&end=99999", "is not in the document"),
            (f"{resource.uri}?begin=5", "is not the address of a document"),
            ("fathom://documents/doc_none", "doc_none"),
            ("file:///etc/passwd", "is not the address of a document"),
        ]:
            with pytest.raises(MCPError, match=told):
                await session.read_resource(wrong)

    run(client, work)


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("ask", {"quesiton": "Why?"}, "`ask` has no argument `quesiton`. It takes `question`,"),
        ("ask", {"quesiton": "Why?"}, "Did you mean `question`?"),
        ("ask", {}, "`ask` needs the argument `question`."),
        (
            "search",
            {"query": "ducks", "k": "7"},
            "`k` of `search` is wrong: input should be a valid integer. It is '7'",
        ),
        ("search", {"query": "ducks", "k": 0}, "greater than or equal to 1"),
        ("search", {"query": "ducks", "collections": "birds"}, "`collections` of `search` is wrong"),
        ("search", {"query": "ducks", "collections": ["cows"]}, "no collection 'cows'"),
        ("search", {"query": "ducks", "filter": {"team": {"like": "a"}}}, "like"),
        ("search", {"query": True}, "`query` of `search` is wrong"),
        ("fetch", {"id": "doc_none"}, "no document 'doc_none'"),
        ("ask", {"question": "?!"}, "question"),
        ("ask", {"question": "Why?", "history": [{"q": "a"}]}, "`ask` has no argument `history.0.q`"),
    ],
)
@pytest.mark.parametrize("client", ["2026-07-28"], indirect=True)
@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_a_caller_is_told_plainly_what_was_wrong(client, tool, arguments, told):
    async def work(session):
        return await session.call_tool(tool, arguments)

    reply = run(client, work)
    assert reply.is_error
    assert told.lower() in reply.content[0].text.lower()


@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_an_unknown_tool_is_an_error_of_the_protocol(client):
    async def work(session):
        with pytest.raises(
            MCPError, match="There is no tool 'search_all'; there are search, fetch, ask, list"
        ):
            await session.call_tool("search_all", {})

    run(client, work)


@pytest.mark.parametrize("transport", ["http"], indirect=True)
def test_a_failure_of_the_generator_is_told_to_the_caller(client, generator, monkeypatch):
    def fail(_request):
        raise RuntimeError("out of order")
        yield

    monkeypatch.setattr(generator, "stream", fail)

    async def work(session):
        return await session.call_tool("ask", {"question": QUESTION})

    reply = run(client, work)
    assert reply.is_error
    assert "went wrong" in reply.content[0].text
