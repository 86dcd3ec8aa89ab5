"""Lexicons of the content filter on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

LexiconLevel = Literal["block", "mask", "flag"]
LEVEL = (
    "`block` refuses a question, leaves a passage out and takes an answer back; `mask` puts █ in the place of each "
    "character of the word; `flag` notes it in the audit trail."
)
Words = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=500_000)]

LEXICON_EXAMPLE: dict[str, Any] = {
    "name": "projects",
    "level": "mask",
    "enabled": True,
    "pinyin": False,
    "version": 3,
    "words": 2,
    "updated_at": "2025-01-01T12:00:00Z",
}


class LexiconOut(BaseModel):
    """A lexicon without its words."""

    model_config = ConfigDict(json_schema_extra={"example": LEXICON_EXAMPLE})

    name: str
    level: LexiconLevel = Field(description=LEVEL)
    enabled: bool
    pinyin: bool = Field(description="Whether its Chinese words are found by their sound too.")
    version: int = Field(description="Counts its changes, from 1.")
    words: int = Field(description="Number of its words.")
    updated_at: datetime


class LexiconListOut(BaseModel):
    """All lexicons, by name."""

    model_config = ConfigDict(json_schema_extra={"example": {"items": [LEXICON_EXAMPLE]}})

    items: list[LexiconOut]


class LexiconContentOut(BaseModel):
    """A lexicon with its words: the same object can be sent to make it again."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "projects",
                "level": "mask",
                "enabled": True,
                "pinyin": False,
                "version": 3,
                "words": ["project bluebird", "青鸟计划"],
                "checksum": "60d08e0ea9c9ba0b3e9e12f4f7b6f5b5f3dcb9f4a1cfa1b9dd6b0f0c06d5f4be",
            }
        }
    )

    name: str
    level: LexiconLevel
    enabled: bool
    pinyin: bool
    version: int
    words: list[str]
    checksum: str = Field(description="SHA-256 of the words in order, joined by line feeds.")


class LexiconPut(BaseModel):
    """A lexicon to make, or to take the place of the one of its name."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"level": "mask", "words": ["project bluebird", "青鸟计划"]}},
    )

    level: LexiconLevel = Field(description=LEVEL)
    words: Words = Field(
        description=(
            "Words as written; found in other cases, widths, scripts and spacings too. A word of Latin letters is "
            "found whole; a star at an end lets it go on there."
        )
    )
    enabled: bool = True
    pinyin: bool = Field(
        default=False, description="Find Chinese words in pinyin too, and by characters of the same sound."
    )


class LexiconUpdate(BaseModel):
    """Changes of a lexicon; fields that are not named stay."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"add": ["bluebird"], "remove": []}}
    )

    level: LexiconLevel | None = None
    enabled: bool | None = None
    pinyin: bool | None = None
    add: Words = Field(default_factory=list, description="Words to add.")
    remove: Words = Field(default_factory=list, description="Words to remove.")


class TrialIn(BaseModel):
    """A text to try the lexicons in use on; nothing of it is kept."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"text": "The budget of project bluebird"}}
    )

    text: str = Field(max_length=100_000)


class MatchOut(BaseModel):
    """A word found; `start` and `end` are positions in the text as it was sent."""

    start: int
    end: int
    level: LexiconLevel
    lexicon: str
    version: int
    word: str


class TrialOut(BaseModel):
    """Text as the filter would change it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "level": "mask",
                "text": "The budget of ████████████████",
                "matches": [
                    {
                        "start": 14,
                        "end": 30,
                        "level": "mask",
                        "lexicon": "projects",
                        "version": 3,
                        "word": "project bluebird",
                    }
                ],
            }
        }
    )

    level: LexiconLevel | None = Field(description="The hardest level found; null where nothing was.")
    text: str = Field(description="The text as it would be shown.")
    matches: list[MatchOut]
