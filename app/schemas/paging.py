"""The one shape of a list."""

from typing import Generic, TypeVar

from pydantic import BaseModel, Field

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Part of a list, oldest first unless the route says otherwise."""

    items: list[Item]
    next_cursor: str | None = Field(
        default=None, description="Give this as `cursor` to get what follows; null at the end."
    )
    has_more: bool = False
