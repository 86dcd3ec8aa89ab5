"""Questions out of chats: the last message of a user, with the turns before it."""

from collections.abc import Iterable, Sequence

from app.api.openai.schemas import Message, MessagePart
from app.errors import InvalidInputError, NotFoundError
from app.schemas.history import MAX_ANSWER_CHARS, MAX_TURNS
from retrieval.follow_up import Turn

MODEL_PREFIX = "fathom:"


def collection_of(model: str) -> str:
    """The collection that a model's name stands for.

    Raises:
        NotFoundError: It is not the name of such a model.
    """
    collection = model.removeprefix(MODEL_PREFIX)
    if collection == model or not collection:
        raise NotFoundError(
            "model_not_found",
            f"There is no model {model[:80]!r}.",
            f"Name a collection, as in {MODEL_PREFIX}handbook; GET /openai/v1/models lists them.",
        )
    return collection


def question_of(messages: Sequence[Message]) -> tuple[str, tuple[Turn, ...]]:
    """The question with the last turns before it, oldest first.

    System and developer messages are left out: answers are quoted from documents, and follow no instructions.

    Raises:
        InvalidInputError: The last message is not a user's, or a message holds more than text.
    """
    said = [(message.role, _text(message.content)) for message in messages if message.role not in _UNHEARD]
    if not said or said[-1][0] != "user":
        raise InvalidInputError(
            "no_question", "The last message is not a user's.", "End the messages with the question."
        )
    turns: list[Turn] = []
    for role, text in said[:-1]:
        if role == "user":
            turns.append(Turn(question=text, answer=""))
        elif turns:
            answer = "\n".join(filter(None, (turns[-1].answer, text)))
            turns[-1] = Turn(question=turns[-1].question, answer=answer[:MAX_ANSWER_CHARS])
    return said[-1][1], tuple(turns[-MAX_TURNS:])


_UNHEARD = frozenset(("system", "developer"))


def _text(content: str | Iterable[MessagePart] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    parts = list(content)
    if foreign := next((part.type for part in parts if part.text is None), None):
        raise InvalidInputError(
            "unsupported_content",
            f"A part of type {foreign[:40]!r} can't be read.",
            "Send text. Files become part of an answer by adding them to a collection.",
        )
    return "\n".join(part.text or "" for part in parts)
