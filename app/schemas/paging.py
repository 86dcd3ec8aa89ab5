"""The one shape of a list."""

from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


def _add_example(schema: dict[str, Any], page: "type[Page[Any]]") -> None:
    """The example of a page holds the example of its items."""
    items = [
        model.model_config["json_schema_extra"]["example"]
        for model in get_args(page.model_fields["items"].annotation)
    ]
    schema["example"] = {"items": items, "next_cursor": None, "has_more": False}


class Page(BaseModel, Generic[Item]):
    """Part of a list, oldest first unless the route says otherwise."""

    model_config = ConfigDict(json_schema_extra=_add_example)

    items: list[Item]
    next_cursor: str | None = Field(
        default=None, description="Send this as `cursor` to get the next page; null on the last page."
    )
    has_more: bool = False
