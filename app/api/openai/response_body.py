"""Bodies of `/responses`: a question with the turns before it, and which collections answer it."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.api.openai.questions import MODEL_PREFIX, collection_of, question_of
from app.api.openai.schemas import Message, UnsupportedParameterError
from app.errors import InvalidInputError
from retrieval.follow_up import Turn

FILE_SEARCH = "file_search"
ANY_MODEL = "fathom"
"""Model of a response whose collections are those of its tool."""
RESULTS = "file_search_call.results"
REFUSED = ("background", "conversation", "max_tool_calls", "prompt")
"""Fields that ask for something which is not there."""


class FileSearch(BaseModel):
    """The tool that looks into collections."""

    model_config = ConfigDict(extra="allow")

    type: str
    vector_store_ids: Annotated[list[str], Field(min_length=1, max_length=32)] | None = None
    max_num_results: Annotated[int | None, Field(ge=1, le=50)] = None
    filters: dict[str, Any] | None = None


class InputItem(Message):
    """A message of the conversation; items of other types are records of tool calls."""

    role: Literal["system", "developer", "user", "assistant"] = "assistant"
    type: str = "message"


class TextForm(BaseModel):
    """The form of the answer: text."""

    format: dict[str, Any] | None = None


class ResponseRequest(BaseModel):
    """A question, alone or as the last message of a conversation."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {"model": "fathom:handbook", "input": "How many days of leave are there?"}
        },
    )

    model: str = Field(max_length=320, description="`fathom:` and a collection, or `fathom` with the tool.")
    input: str | Annotated[list[InputItem], Field(min_length=1, max_length=2_000)]
    instructions: str | None = Field(default=None, description="Left out: answers follow no instructions.")
    tools: list[FileSearch] = Field(default_factory=list)
    previous_response_id: Annotated[str | None, Field(max_length=80)] = None
    include: list[str] | None = None
    stream: bool = False
    store: bool | None = None
    temperature: Annotated[float | None, Field(ge=0, le=2)] = None
    metadata: dict[str, str] | None = None
    text: TextForm | None = None

    def check(self) -> None:
        """Refuse a request for something else than one text from collections.

        Raises:
            UnsupportedParameterError: Another tool, or another form than text is asked for.
        """
        asked = [name for name in REFUSED if (self.model_extra or {}).get(name)]
        if self.text and self.text.format and self.text.format.get("type", "text") != "text":
            asked.append("text.format")
        asked.extend(f"tools.{tool.type[:40]}" for tool in self.tools if tool.type != FILE_SEARCH)
        if len(self.tools) > 1:
            asked.append("tools")
        if asked:
            raise UnsupportedParameterError(asked[0])

    @property
    def tool(self) -> FileSearch | None:
        """The tool, where it is asked for."""
        return self.tools[0] if self.tools else None

    def collections(self) -> tuple[str, ...]:
        """Ids or names of the collections to ask.

        Raises:
            InvalidInputError: None is named.
        """
        if self.tool is not None and self.tool.vector_store_ids:
            return tuple(self.tool.vector_store_ids)
        if self.model == ANY_MODEL:
            raise InvalidInputError(
                "no_collection",
                "No collection is named.",
                f"Take a model like {MODEL_PREFIX}handbook, or the tool file_search with vector_store_ids.",
            )
        return (collection_of(self.model),)

    def question(self) -> tuple[str, tuple[Turn, ...]]:
        """The question with the turns before it, oldest first.

        Raises:
            InvalidInputError: The last message is not a user's, or a message holds more than text.
        """
        if isinstance(self.input, str):
            return question_of([Message(role="user", content=self.input)])
        messages: Sequence[Message] = [item for item in self.input if item.type == "message"]
        return question_of(messages)
