"""Filters of documents on the wire."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

DocumentFilter = Annotated[
    dict[str, Any] | None,
    Field(
        description="Only documents that hold this: `{field: {operator: value}}` with `and`, `or`, `not`; operators "
        "are eq, ne, in, gt, gte, lt, lte, exists, contains. Fields are those of the metadata (`outer.inner`) "
        "and `document.id`, `.name`, `.folder`, `.external_id`, `.type`, `.tag`, `.language`, `.pages`, `.date`, "
        "`.added`, `.changed`; null for all documents.",
    ),
]


class FieldValueOut(BaseModel):
    """A value, and the documents that have it."""

    value: str
    documents: int


class FieldOut(BaseModel):
    """A field of the documents' metadata."""

    name: str
    kind: str = Field(description="text, number, boolean or date.")
    documents: int = Field(description="Documents with such a value.")
    values: list[FieldValueOut] = Field(description="The most frequent, at most 20.")


class FieldsOut(BaseModel):
    """Fields that documents of a collection can be filtered by, beside those of every document."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "fields": [
                    {
                        "name": "team",
                        "kind": "text",
                        "documents": 3,
                        "values": [{"value": "docs", "documents": 2}, {"value": "legal", "documents": 1}],
                    }
                ]
            }
        }
    )

    fields: list[FieldOut]
