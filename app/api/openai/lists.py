"""Lists as OpenAI's clients page through them: by the id of the last item, newest first by default."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol, TypeVar

from fastapi import Depends, Query

from app.api.openai.schemas import UnsupportedParameterError
from app.library.listing import cursor_behind

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which part of a list is wanted; `after` is the id of the last item seen."""

    after: str | None
    limit: int
    newest_first: bool

    def cursor(self, place: Callable[[str], tuple[datetime, str]]) -> str | None:
        """The cursor behind the last item seen, whose time and row `place` looks up."""
        return None if self.after is None else cursor_behind(*place(self.after))


async def _paging(
    after: Annotated[str | None, Query(max_length=300, description="Id of the last item seen.")] = None,
    before: Annotated[str | None, Query(max_length=300, description="Not supported.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
) -> Paging:
    if before:
        raise UnsupportedParameterError("before")
    return Paging(after=after, limit=limit, newest_first=order == "desc")


PagingDep = Annotated[Paging, Depends(_paging)]


class Part(Protocol[Item_co]):
    """A part of a list, and the cursor to the next."""

    @property
    def items(self) -> Sequence[Item_co]:
        """Items of the part."""

    @property
    def next_cursor(self) -> str | None:
        """None on the last part."""


def listed(part: Part[Item], as_object: Callable[[Item], dict[str, Any]]) -> dict[str, Any]:
    """A part of a list on the wire."""
    data = [as_object(item) for item in part.items]
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": part.next_cursor is not None,
    }
