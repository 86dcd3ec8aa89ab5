"""Bodies of OpenAI's protocol, as far as they mean something here.

Requests may hold more: fields that only tune a sampling model are ignored, those that ask for another kind of answer
are refused (`REFUSED`). Replies have the fields that the official clients read, and `fathom` beside them.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.errors import InvalidInputError

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
REFUSED = ("audio", "functions", "logprobs", "prediction", "tools")
"""Fields of a chat that ask for something which an answer from documents can't be."""


class MessagePart(BaseModel):
    """A part of a message; `text` is set for text alone."""

    type: str
    text: str | None = None


class Message(BaseModel):
    """A message of a conversation."""

    role: Role
    content: str | list[MessagePart] | None = None


class StreamOptions(BaseModel):
    """How a stream ends."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A chat whose last message is the question."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "model": "fathom:handbook",
                "messages": [{"role": "user", "content": "How many days of leave are there?"}],
            }
        },
    )

    model: str = Field(max_length=320, description="`fathom:` and the id or name of a collection.")
    messages: Annotated[list[Message], Field(min_length=1, max_length=2_000)]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    n: Annotated[int | None, Field(ge=1)] = None
    response_format: dict[str, Any] | None = None

    def check(self) -> None:
        """Refuse a request for something else than one text.

        Raises:
            UnsupportedParameterError: Several answers, tools, or another form than text are asked for.
        """
        asked = [name for name in REFUSED if (self.model_extra or {}).get(name)]
        if (self.n or 1) > 1:
            asked.append("n")
        if self.response_format is not None and self.response_format.get("type", "text") != "text":
            asked.append("response_format")
        if asked:
            raise UnsupportedParameterError(asked[0])


class UnsupportedParameterError(InvalidInputError):
    """A field asks for something that there is not."""

    def __init__(self, name: str) -> None:
        """Name the field."""
        super().__init__(
            "unsupported_parameter",
            f"`{name}` is not supported.",
            "Leave it away: an answer is one text, quoted from the collection.",
        )


class EmbeddingRequest(BaseModel):
    """Texts to embed."""

    model_config = ConfigDict(
        extra="allow", json_schema_extra={"example": {"model": "encoder", "input": ["annual leave"]}}
    )

    model: str = Field(max_length=320, description="`encoder`, or the id that GET /models gives it.")
    input: str | list[str] | list[int] | list[list[int]] = Field(
        description="A text or several; arrays of tokens are refused, since their vocabulary is not known."
    )
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = Field(default=None, description="Only the encoder's own width.")
    input_type: Literal["query", "passage"] = Field(
        default="passage", description="Beyond OpenAI: a question is embedded otherwise than a passage."
    )
