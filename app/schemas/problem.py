"""The one shape of a failure: RFC 9457 problem details with a stable code and a next step."""

from pydantic import BaseModel, ConfigDict, Field


class FieldError(BaseModel):
    """A fault in a part of a request."""

    field: str = Field(description="Dotted path of the value, such as `body.name`.")
    message: str


class Problem(BaseModel):
    """A failure, sent as `application/problem+json`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:fathom:problem:collection_not_found",
                "title": "Collection not found",
                "status": 404,
                "detail": "There is no collection 'laws'.",
                "instance": "/v1/collections/laws",
                "code": "collection_not_found",
                "hint": "List the collections with GET /v1/collections, or create this one.",
                "request_id": "req_4k7tq2hn3vcv5w6d7g2m5a3x2e",
            }
        }
    )

    type: str = Field(description="`urn:fathom:problem:` and the code.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="Path of the request.")
    code: str = Field(description="Stable name of the failure, for programs.")
    hint: str = Field(description="Next step for the reader.")
    errors: list[FieldError] | None = None
    request_id: str


class ErrorInfo(BaseModel):
    """Failure of a document or job, or a warning about a document that is ready."""

    code: str
    message: str
    hint: str
