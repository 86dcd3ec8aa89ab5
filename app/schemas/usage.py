"""Wire types of usage."""

from pydantic import BaseModel, ConfigDict


class UseRowOut(BaseModel):
    """Use of a day, user, key or collection, by the groupings of the report.

    Names are empty where what they name is gone, and for the machine itself, whose ids are empty too. `read_tokens`
    are those of passages that answers were made from, `written_tokens` those of answers, `characters` those of
    questions, queries and answers, `documents` uploads that changed something.
    """

    day: str | None
    user_id: str | None
    user_name: str | None
    key_id: str | None
    key_name: str | None
    collection_id: str | None
    collection_name: str | None
    requests: int
    questions: int
    refusals: int
    searches: int
    read_tokens: int
    written_tokens: int
    characters: int
    documents: int
    uploaded_bytes: int


class UseOut(BaseModel):
    """Use, earliest day first."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "items": [
                    {
                        "day": "2026-11-30",
                        "user_id": None,
                        "user_name": None,
                        "key_id": "key_4k7tq2hn3vcv5w6d7g2m5a3x2e",
                        "key_name": "help desk bot (3fk2m9qa)",
                        "collection_id": None,
                        "collection_name": None,
                        "requests": 412,
                        "questions": 180,
                        "refusals": 12,
                        "searches": 95,
                        "read_tokens": 96400,
                        "written_tokens": 7210,
                        "characters": 48211,
                        "documents": 3,
                        "uploaded_bytes": 182044,
                    }
                ]
            }
        }
    )

    items: list[UseRowOut]
