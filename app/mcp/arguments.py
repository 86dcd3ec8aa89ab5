"""Arguments of tools, checked strictly: no unknown name, no text in the place of a number, no empty question."""

import difflib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.mcp.rest import CallError
from app.schemas.history import MAX_ANSWER_CHARS, MAX_TURNS

MAX_COLLECTIONS = 32
MAX_TEXT = 20_000
"""Characters that one call of `fetch` gives."""

ModelT = TypeVar("ModelT", bound=BaseModel)


class _Arguments(BaseModel):
    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", strict=True)


Collections = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=300)]] | None,
    Field(
        min_length=1,
        max_length=MAX_COLLECTIONS,
        description=f"Names or ids of collections, {MAX_COLLECTIONS} at most; all that you may read where none are "
        "given.",
    ),
]
Filter = Annotated[
    dict[str, Any] | None,
    Field(
        description='Only documents that hold this, as in {"team": {"eq": "docs"}}: operators eq, ne, in, gt, gte, lt, '
        "lte, exists, contains on metadata and on document.name, .type, .language, .date; and, or, not around them."
    ),
]
Offset = Annotated[int | None, Field(ge=0)]


class SearchArguments(_Arguments):
    """Arguments of `search`."""

    query: str = Field(min_length=1, description="What to look for, in Chinese or English.")
    collections: Collections = None
    filter: Filter = None
    k: int | None = Field(
        default=None, ge=1, le=100, description="Passages wanted; the server's number if absent."
    )


class Turn(_Arguments):
    """An earlier question with its answer."""

    question: str = Field(min_length=1)
    answer: str | None = Field(default=None, max_length=MAX_ANSWER_CHARS)


class AskArguments(_Arguments):
    """Arguments of `ask`."""

    question: str = Field(min_length=1, description="The question, in Chinese or English.")
    collections: Collections = None
    filter: Filter = None
    history: list[Turn] = Field(
        default_factory=list,
        max_length=MAX_TURNS,
        description="Earlier turns of the conversation, oldest first, for a question that leans on them.",
    )


class FetchArguments(_Arguments):
    """Arguments of `fetch`."""

    id: str = Field(
        min_length=1,
        max_length=300,
        description="Id of a document (doc_…), or `id` of a result of `search`, which names a range.",
    )
    start: Offset = Field(default=None, description="First character, from 0.")
    end: Offset = Field(
        default=None, description=f"Behind the last character. A reply holds {MAX_TEXT:,} characters at most."
    )


class ListArguments(_Arguments):
    """Arguments of `list`."""

    collection: str | None = Field(
        default=None,
        min_length=1,
        max_length=300,
        description="Name or id of a collection, to list its documents; without it, collections are listed.",
    )
    cursor: str | None = Field(default=None, max_length=500, description="`next_cursor` of the page before.")
    limit: int = Field(default=50, ge=1, le=200, description="Most items of a page.")


def checked(model: type[ModelT], tool: str, arguments: Mapping[str, Any] | None) -> ModelT:
    """Arguments as the tool takes them.

    Raises:
        CallError: They are not; the message names each that is wrong, and what would be right.
    """
    try:
        return model.model_validate_json(json.dumps(dict(arguments or {})))
    except ValidationError as error:
        told = [_told(model, tool, item) for item in error.errors(include_url=False, include_context=False)]
        raise CallError(" ".join(told), "bad_arguments") from error


def _told(model: type[BaseModel], tool: str, error: Mapping[str, Any]) -> str:
    where = [str(part) for part in error["loc"]]
    if not where:
        return f"The arguments of `{tool}` are not text that can be written as UTF-8."
    name = ".".join(where)
    kind = error["type"]
    if kind == "extra_forbidden":
        known = list(model.model_fields)
        close = difflib.get_close_matches(where[-1], known, n=1) if len(where) == 1 else []
        meant = f" Did you mean `{close[0]}`?" if close else ""
        takes = f" It takes {', '.join(f'`{item}`' for item in known)}." if len(where) == 1 else ""
        return f"`{tool}` has no argument `{name[:80]}`.{takes}{meant}"
    if kind == "missing":
        return f"`{tool}` needs the argument `{name}`."
    given = error["input"]
    shown = f" It is {given!r:.60}." if isinstance(given, str | int | float | bool) else ""
    return f"The argument `{name}` of `{tool}` is wrong: {_lower(error['msg'])}.{shown}"


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
