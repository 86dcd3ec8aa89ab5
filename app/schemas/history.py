"""The earlier turns of a conversation, on the wire."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MAX_TURNS = 8
MAX_ANSWER_CHARS = 20_000


class TurnIn(BaseModel):
    """An earlier question with its answer."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(
        description="As asked, or as it was understood; at most `limits.max_question_chars` characters."
    )
    answer: str | None = Field(
        default=None, max_length=MAX_ANSWER_CHARS, description="Its answer; null where there was none."
    )


History = Annotated[
    list[TurnIn],
    Field(
        max_length=MAX_TURNS,
        description=f"The last turns of the conversation, oldest first, {MAX_TURNS} at most. A question that leans on "
        "them is made to stand alone; any other is taken as it is.",
    ),
]
