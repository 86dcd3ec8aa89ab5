"""Suggested questions on the wire."""

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.answers import DocumentRef


class SuggestionOut(BaseModel):
    """A question that the documents answer."""

    question: str
    language: str
    document: DocumentRef = Field(description="The document that it was made from.")


class SuggestionsOut(BaseModel):
    """Suggested questions of a collection."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "question": "How long are deleted files kept?",
                        "language": "en",
                        "document": {
                            "id": "doc_zk7tq2hn3vcv5w6d7g2m5a3x2e",
                            "name": "trash.md",
                            "title": "The trash",
                        },
                    }
                ]
            }
        }
    )

    items: list[SuggestionOut] = Field(description="As far as they were made; empty at first.")
