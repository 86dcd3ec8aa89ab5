"""Structured output of tools: every passage with its range."""

from typing import Any

from pydantic import BaseModel, Field


class Source(BaseModel):
    """Characters `[start, end)` of a document's text."""

    id: str = Field(description="Address of the range; `fetch` and resources read it.")
    title: str
    url: str = Field(description="Where the server gives the document's text; the range is its fragment.")
    document: str = Field(description="Id of the document.")
    name: str = Field(description="The document's file name.")
    page: int | None = Field(description="Page in a PDF, from 1.")
    start: int
    end: int


class Found(Source):
    """A passage: `text` is the document's text at its range."""

    text: str
    score: float
    headings: list[str] = Field(
        default_factory=list, description="Headings above the passage, outermost first."
    )


class Passages(BaseModel):
    """Passages found, best first."""

    results: list[Found]


class CitedSource(Source):
    """Where the characters `[answer_start, answer_end)` of an answer come from."""

    n: int = Field(description="Number of the citation, from 1.")
    quote: str = Field(description="The document's text at the range.")
    answer_start: int
    answer_end: int
    supported: bool | None = Field(
        description="False marks a quote to be read with care; null where not judged."
    )


class Answer(BaseModel):
    """An answer with its sources, or a refusal with the nearest passages."""

    id: str
    answer: str = Field(description="The answer, or why there is none.")
    answerable: bool = Field(description="False where the documents don't answer.")
    reason: str | None
    confidence: float | None = Field(description="Probability that the passages hold the answer.")
    citations: list[CitedSource]
    nearest: list[Found] = Field(description="What comes closest, where there is no answer.")


class Text(Source):
    """A stretch of a document's text."""

    text: str
    length: int = Field(description="Characters of the whole text.")
    next_start: int | None = Field(
        description="Where what was asked for goes on; null where all of it is here."
    )
    metadata: dict[str, Any]


class CollectionItem(BaseModel):
    """A collection."""

    id: str
    name: str
    description: str
    language: str | None
    documents: int


class DocumentItem(BaseModel):
    """A document."""

    id: str
    uri: str = Field(description="Address of its text, a resource.")
    title: str
    name: str
    status: str = Field(description="`ready` where its text can be read.")
    pages: int
    language: str | None


class Listing(BaseModel):
    """A page of a list."""

    collections: list[CollectionItem] = Field(default_factory=list)
    documents: list[DocumentItem] = Field(default_factory=list)
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null on the last.")
