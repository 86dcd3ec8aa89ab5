"""The tools: arguments and output of each, and the requests that it becomes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from app.mcp.arguments import (
    MAX_COLLECTIONS,
    MAX_TEXT,
    AskArguments,
    FetchArguments,
    ListArguments,
    SearchArguments,
    checked,
)
from app.mcp.places import Place, place_of
from app.mcp.replies import (
    Answer,
    CitedSource,
    CollectionItem,
    DocumentItem,
    Found,
    Listing,
    Passages,
    Source,
    Text,
)
from app.mcp.rest import CallError, Rest

Call = Callable[[Rest, Mapping[str, Any] | None], Awaitable[BaseModel]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSpec:
    """A tool as clients see it, and the call behind it."""

    title: str
    description: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    call: Call


async def _search(rest: Rest, given: Mapping[str, Any] | None) -> Passages:
    wanted = checked(SearchArguments, "search", given)
    found = await rest.post(
        "search",
        body={
            "collections": await _collections(rest, wanted.collections),
            "query": wanted.query,
            "filter": wanted.filter,
            "k": wanted.k,
        },
    )
    results = [
        Found(**_source(rest, hit), text=hit["text"], score=hit["score"], headings=hit["heading_path"])
        for hit in found["hits"]
    ]
    return Passages(results=results)


async def _ask(rest: Rest, given: Mapping[str, Any] | None) -> Answer:
    wanted = checked(AskArguments, "ask", given)
    answer = await rest.post(
        "answers",
        body={
            "collections": await _collections(rest, wanted.collections),
            "question": wanted.question,
            "filter": wanted.filter,
            "history": [turn.model_dump() for turn in wanted.history],
        },
    )
    return Answer(
        id=answer["id"],
        answer=answer["text"],
        answerable=answer["answerable"],
        reason=answer["reason"],
        confidence=answer["confidence"],
        citations=[
            CitedSource(
                **_source(rest, item),
                n=item["n"],
                quote=item["quote"],
                answer_start=item["answer_start"],
                answer_end=item["answer_end"],
                supported=item["supported"],
            )
            for item in answer["citations"]
        ],
        nearest=[
            Found(**_source(rest, item), text=item["quote"], score=item["score"])
            for item in answer["nearest"]
        ],
    )


async def _fetch(rest: Rest, given: Mapping[str, Any] | None) -> Text:
    wanted = checked(FetchArguments, "fetch", given)
    place = place_of(wanted.id)
    start = wanted.start if wanted.start is not None else place.start
    end = wanted.end if wanted.end is not None else place.end
    return await text_at(rest, Place(document=place.document, start=start, end=end), MAX_TEXT)


async def text_at(rest: Rest, place: Place, limit: int | None) -> Text:
    """A range of a document's text, cut after `limit` characters.

    Raises:
        CallError: There is no such document, it has no text yet, or the range is not in it.
    """
    document = await rest.get("documents", place.document)
    content = await rest.get("documents", place.document, "content")
    length = len(content["text"])
    start = place.start or 0
    wanted_end = length if place.end is None else place.end
    if not start <= wanted_end <= length:
        raise CallError(
            f"The range [{start}, {wanted_end}) is not in the document, whose text has {length:,} characters.",
            "bad_range",
        )
    end = wanted_end if limit is None else min(wanted_end, start + limit)
    pages = [page["number"] for page in content["pages"] if page["start"] <= start < page["end"]]
    return Text(
        id=Place(document=document["id"], start=start, end=end).uri,
        title=document["title"],
        url=_url(rest, document["id"], start, end),
        document=document["id"],
        name=document["name"],
        page=pages[0] if pages else None,
        start=start,
        end=end,
        text=content["text"][start:end],
        length=length,
        next_start=end if end < wanted_end else None,
        metadata=document["metadata"],
    )


async def _list(rest: Rest, given: Mapping[str, Any] | None) -> Listing:
    wanted = checked(ListArguments, "list", given)
    if wanted.collection is None:
        page = await rest.get("collections", cursor=wanted.cursor, limit=wanted.limit)
        collections = [
            CollectionItem(**{name: item[name] for name in CollectionItem.model_fields})
            for item in page["items"]
        ]
        return Listing(collections=collections, next_cursor=page["next_cursor"])
    page = await rest.get(
        "collections", wanted.collection, "documents", cursor=wanted.cursor, limit=wanted.limit
    )
    documents = [
        DocumentItem(
            id=item["id"],
            uri=Place(document=item["id"]).uri,
            title=item["title"],
            name=item["name"],
            status=item["status"],
            pages=item["pages"],
            language=item["language"],
        )
        for item in page["items"]
    ]
    return Listing(documents=documents, next_cursor=page["next_cursor"])


async def _collections(rest: Rest, named: list[str] | None) -> list[str]:
    if named is not None:
        return named
    found = [item["id"] for item in await rest.all_collections()]
    if not found:
        raise CallError("There is no collection yet. Make one and upload documents.", "no_collections")
    if len(found) > MAX_COLLECTIONS:
        raise CallError(
            f"There are {len(found)} collections, and {MAX_COLLECTIONS} at most are read at once. "
            "Name some in `collections`; `list` shows them.",
            "too_many_collections",
        )
    return found


def _source(rest: Rest, item: Mapping[str, Any]) -> dict[str, Any]:
    document, start, end = item["document"], item["start"], item["end"]
    return Source(
        id=Place(document=document["id"], start=start, end=end).uri,
        title=document["title"],
        url=_url(rest, document["id"], start, end),
        document=document["id"],
        name=document["name"],
        page=item["page"],
        start=start,
        end=end,
    ).model_dump()


def _url(rest: Rest, document: str, start: int, end: int) -> str:
    return f"{rest.base_url}/v1/documents/{document}/content#char={start},{end}"


TOOLS: Final[Mapping[str, ToolSpec]] = {
    "search": ToolSpec(
        title="Search documents",
        description="Find passages of the documents by meaning and by words, best first. Each result is an exact "
        "range of a document; `fetch` reads on around it.",
        takes=SearchArguments,
        gives=Passages,
        call=_search,
    ),
    "fetch": ToolSpec(
        title="Read a document",
        description="Read a document's text, whole or a range of its characters. Where `next_start` is given, the "
        "text goes on there.",
        takes=FetchArguments,
        gives=Text,
        call=_fetch,
    ),
    "ask": ToolSpec(
        title="Ask the documents",
        description="Answer a question from the documents, with citations: exact ranges of documents, with page. "
        "Where the documents don't answer, `answerable` is false and `nearest` holds what comes closest.",
        takes=AskArguments,
        gives=Answer,
        call=_ask,
    ),
    "list": ToolSpec(
        title="List collections and documents",
        description="List the collections, or the documents of one.",
        takes=ListArguments,
        gives=Listing,
        call=_list,
    ),
}
