"""Decision 0081: the calls of one Python client, each made once and checked; see `benchmarks/clients.py`.

    python benchmarks/client_calls.py CLIENT ADDRESS

Prints a JSON object a call: client, version, call, and the error or null.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

QUESTION = "What do ducks eat?"
SAID = "weeds"
MODEL = "fathom:birds"
Call = tuple[str, Callable[[], object]]


def openai_calls(address: str) -> Iterator[Call]:
    """OpenAI's own client."""
    from openai import OpenAI

    client = OpenAI(base_url=f"{address}/openai/v1", api_key="none")
    chat = [{"role": "user", "content": QUESTION}]
    kept: dict[str, Any] = {}

    def streamed() -> bool:
        chunks = client.chat.completions.create(
            model=MODEL, messages=chat, stream=True, stream_options={"include_usage": True}
        )
        return SAID in "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)

    def responses() -> bool:
        kept["response"] = client.responses.create(model=MODEL, input=QUESTION)
        return SAID in kept["response"].output_text and bool(
            kept["response"].output[-1].content[0].annotations
        )

    def followed_up() -> bool:
        reply = client.responses.create(
            model=MODEL, input="And how many eggs?", previous_response_id=kept["response"].id
        )
        return reply.status == "completed"

    def response_stream() -> bool:
        with client.responses.stream(model=MODEL, input=QUESTION) as stream:
            return SAID in stream.get_final_response().output_text

    yield "models.list", lambda: MODEL in [model.id for model in client.models.list()]
    yield (
        "chat.completions.create",
        lambda: SAID in client.chat.completions.create(model=MODEL, messages=chat).choices[0].message.content,
    )
    yield "chat.completions.create(stream)", streamed
    yield "embeddings.create", lambda: len(client.embeddings.create(model="encoder", input="ducks").data) == 1
    yield "responses.create", responses
    yield "responses.create(previous_response_id)", followed_up
    yield "responses.stream", response_stream
    yield (
        "responses.retrieve",
        lambda: client.responses.retrieve(kept["response"].id).id == kept["response"].id,
    )
    yield from store_calls(client)


def store_calls(client: Any) -> Iterator[Call]:
    """Vector stores and files."""
    kept: dict[str, Any] = {}

    def store() -> bool:
        kept["store"] = client.vector_stores.create(name="openai-python")
        return bool(kept["store"].id)

    def upload() -> bool:
        kept["file"] = client.vector_stores.files.upload_and_poll(
            vector_store_id=kept["store"].id, file=("sheep.md", b"# Sheep\n\nSheep graze on dry meadows.\n")
        )
        return bool(kept["file"].status == "completed")

    def batch() -> bool:
        done = client.vector_stores.file_batches.upload_and_poll(
            vector_store_id=kept["store"].id, files=[("owls.md", b"# Owls\n\nOwls hunt at night.\n")]
        )
        return (done.status, done.file_counts.completed) == ("completed", 1)

    def file_search() -> bool:
        tool = {"type": "file_search", "vector_store_ids": [kept["store"].id]}
        reply = client.responses.create(model="fathom", input="Where do sheep graze?", tools=[tool])
        note = reply.output[-1].content[0].annotations[0]
        return note.filename == "sheep.md" and b"meadows" in client.files.content(note.file_id).read()

    yield "vector_stores.create", store
    yield "vector_stores.files.upload_and_poll", upload
    yield "vector_stores.file_batches.upload_and_poll", batch
    yield "responses.create(file_search)", file_search
    yield (
        "vector_stores.search",
        lambda: (
            "meadows"
            in client.vector_stores.search(kept["store"].id, query="Where do sheep graze?")
            .data[0]
            .content[0]
            .text
        ),
    )
    yield "files.list", lambda: kept["file"].id in [file.id for file in client.files.list()]
    yield "files.delete", lambda: client.files.delete(kept["file"].id).deleted
    yield "vector_stores.delete", lambda: client.vector_stores.delete(kept["store"].id).deleted


def langchain_calls(address: str) -> Iterator[Call]:
    """LangChain's models of chats and embeddings."""
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    base = {"base_url": f"{address}/openai/v1", "api_key": "none"}
    chat = ChatOpenAI(model=MODEL, **base)
    responses = ChatOpenAI(model=MODEL, use_responses_api=True, **base)
    embeddings = OpenAIEmbeddings(model="encoder", check_embedding_ctx_length=False, **base)
    yield "ChatOpenAI.invoke", lambda: SAID in chat.invoke(QUESTION).text
    yield "ChatOpenAI.stream", lambda: SAID in "".join(part.text for part in chat.stream(QUESTION))
    yield "ChatOpenAI(use_responses_api).invoke", lambda: SAID in responses.invoke(QUESTION).text
    yield "OpenAIEmbeddings.embed_query", lambda: len(embeddings.embed_query("ducks")) > 100
    yield "OpenAIEmbeddings.embed_documents", lambda: len(embeddings.embed_documents(["a b", "c d"])) == 2


def llama_index_calls(address: str) -> Iterator[Call]:
    """LlamaIndex's model for servers with OpenAI's protocol."""
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    llm = OpenAILike(
        model=MODEL, api_base=f"{address}/openai/v1", api_key="none", is_chat_model=True, context_window=8192
    )
    yield (
        "OpenAILike.chat",
        lambda: SAID in llm.chat([ChatMessage(role="user", content=QUESTION)]).message.content,
    )
    yield (
        "OpenAILike.stream_chat",
        lambda: (
            SAID in list(llm.stream_chat([ChatMessage(role="user", content=QUESTION)]))[-1].message.content
        ),
    )
    yield "OpenAILike.complete", lambda: SAID in llm.complete(QUESTION).text


def mcp_calls(address: str) -> Iterator[Call]:
    """The protocol's own client, in both revisions, over HTTP and over a process."""
    import anyio
    from mcp import Client, StdioServerParameters

    async def made(server: Any, mode: str) -> bool:
        async with Client(server, mode=mode) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            answer = (await client.call_tool("ask", {"question": QUESTION})).structured_content
            hits = (await client.call_tool("search", {"query": QUESTION})).structured_content["results"]
            text = (await client.call_tool("fetch", {"id": hits[0]["id"]})).structured_content["text"]
            listed = (await client.call_tool("list", {})).structured_content["collections"]
            (part,) = (await client.read_resource(answer["citations"][0]["id"])).contents
            return (
                names == {"ask", "search", "fetch", "list"}
                and SAID in answer["answer"]
                and text == hits[0]["text"]
                and part.text == answer["citations"][0]["quote"]
                and bool(listed)
            )

    process = StdioServerParameters(command=sys.executable, args=["-m", "app", "mcp", "--url", address])
    for mode in ("2026-07-28", "legacy"):
        for name, server in (("http", f"{address}/mcp"), ("stdio", process)):
            yield f"{name}, {mode}", lambda server=server, mode=mode: anyio.run(made, server, mode)


CLIENTS = {
    "openai": ("OpenAI Python", "openai", openai_calls),
    "langchain": ("LangChain", "langchain-openai", langchain_calls),
    "llama_index": ("LlamaIndex", "llama-index-llms-openai-like", llama_index_calls),
    "mcp": ("MCP Python", "mcp", mcp_calls),
}


def main() -> None:
    """Make all calls of the client that is named."""
    name, package, calls = CLIENTS[sys.argv[1]]
    for call, make in calls(sys.argv[2]):
        error = None
        try:
            if not make():
                error = "not what was expected"
        except Exception as failed:  # noqa: BLE001 - it is the result
            error = f"{type(failed).__name__}: {failed}"[:300].replace("\n", " ")
        print(
            json.dumps({"client": name, "version": version(package), "call": call, "error": error}),
            flush=True,
        )


if __name__ == "__main__":
    main()
