"""Documents as resources: listed page by page, and read by address, whole or a range of characters."""

from mcp import MCPError
from mcp.types import (
    INVALID_PARAMS,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)

from app.mcp.places import TEMPLATE, Place, place_of
from app.mcp.rest import CallError, Rest
from app.mcp.tool_calls import text_at

PAGE = 100
MEDIA_TYPE = "text/markdown"
"""Canonical text has the marks of headings, lists and tables."""


def templates() -> ListResourceTemplatesResult:
    """The one form of address that there is."""
    template = ResourceTemplate(
        name="document",
        title="A document's text",
        uri_template=TEMPLATE,
        description="The text of a document, whole or its characters [start, end): what citations point into.",
        mime_type=MEDIA_TYPE,
    )
    return ListResourceTemplatesResult(resource_templates=[template])


async def page(rest: Rest, cursor: str | None) -> ListResourcesResult:
    """A page of the documents of all collections.

    Args:
        rest: The server.
        cursor: A collection's id, a space, and the cursor within it; None for the first page.

    Raises:
        CallError: The server refused, failed, or is not there.
    """
    wanted, _, within = (cursor or "").partition(" ")
    keys = [item["id"] for item in await rest.all_collections()]
    if wanted and wanted not in keys:
        raise CallError("The list has changed; begin it again without a cursor.", "bad_cursor")
    at = keys.index(wanted) if wanted else 0
    while at < len(keys):
        found = await rest.get("collections", keys[at], "documents", cursor=within or None, limit=PAGE)
        within = found["next_cursor"] or ""
        at += 0 if within else 1
        if found["items"]:
            more = f"{keys[at]} {within}" if at < len(keys) else None
            return ListResourcesResult(
                resources=[
                    Resource(
                        name=item["name"],
                        title=item["title"],
                        uri=Place(document=item["id"]).uri,
                        mime_type=MEDIA_TYPE,
                    )
                    for item in found["items"]
                ],
                next_cursor=more,
            )
    return ListResourcesResult(resources=[])


async def read(rest: Rest, uri: str) -> ReadResourceResult:
    """The text at an address.

    Raises:
        MCPError: There is none; the message says why.
    """
    try:
        text = await text_at(rest, place_of(uri), None)
    except CallError as error:
        raise MCPError(INVALID_PARAMS, error.message, {"uri": uri[:300], "code": error.code}) from error
    return ReadResourceResult(contents=[TextResourceContents(uri=uri, mime_type=MEDIA_TYPE, text=text.text)])
