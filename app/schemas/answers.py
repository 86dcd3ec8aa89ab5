"""Questions and answers on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.filters import DocumentFilter
from app.schemas.history import History
from app.schemas.problem import ErrorInfo
from app.schemas.ranking import RankingOptions

AnswerStatus = Literal["running", "done", "failed", "cancelled"]

_DOCUMENT = {"id": "doc_zk7tq2hn3vcv5w6d7g2m5a3x2e", "name": "guide/start.md", "title": "Getting started"}
ANSWER_EXAMPLE: dict[str, Any] = {
    "id": "ans_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "question": "Which port does the server listen on?",
    "standalone_question": None,
    "collections": ["col_4k7tq2hn3vcv5w6d7g2m5a3x2e"],
    "text": "The server listens on port 8000 by default.",
    "answerable": True,
    "reason": None,
    "confidence": 0.93,
    "shape": "phrase",
    "phrase": "port 8000",
    "emphasis": [{"answer_start": 22, "answer_end": 31}],
    "parts": [{"answer_start": 0, "answer_end": 43, "kind": "text"}],
    "more": False,
    "spans": [
        {
            "answer_start": 0,
            "answer_end": 43,
            "kind": "copied",
            "chunk": 17,
            "document": _DOCUMENT["id"],
            "start": 181,
            "end": 224,
        }
    ],
    "citations": [
        {
            "n": 1,
            "answer_start": 0,
            "answer_end": 43,
            "document": _DOCUMENT,
            "chunk": 17,
            "page": None,
            "start": 181,
            "end": 224,
            "quote": "The server listens on port 8000 by default.",
            "before": "",
            "after": " Another port is set with --port.",
            "score": 0.97,
            "support": 0.94,
            "supported": True,
        }
    ],
    "unsupported": [],
    "nearest": [],
    "also": [],
    "erased": [],
    "erased_sources": 0,
    "usage": {"context_tokens": 2210, "compressed_tokens": 640, "generated_tokens": 3},
    "timings_ms": {"embed": 9.1, "retrieve": 3.2, "compress": 0.8, "first_token": 310.0, "total": 340.0},
    "model": "fathom-small",
    "created_at": "2025-01-01T12:00:00Z",
    "status": "done",
    "error": None,
    "feedback": None,
    "outdated": {"reason": "source_changed", "since": "2025-02-01T09:30:00Z", "documents": [_DOCUMENT]},
    "renews": None,
    "renewed_by": None,
    "change": None,
}


class AnswerRequest(RankingOptions):
    """A question to answer from the documents of some collections."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"collections": ["handbook"], "question": "Which port does the server listen on?"}
        },
    )

    collections: Annotated[list[str], Field(min_length=1, max_length=32)] = Field(
        description="Ids or names of the collections to answer from."
    )
    question: str = Field(description="The question; at most `limits.max_question_chars` characters.")
    history: History = Field(default_factory=list)
    k: int | None = Field(default=None, ge=1, le=100, description="Passages to read.")
    temperature: float | None = Field(
        default=None, ge=0.0, le=2.0, description="0 takes the most likely; null for the server's value."
    )
    weights: dict[int, Annotated[float, Field(ge=0.0, le=100.0)]] = Field(
        default_factory=dict,
        max_length=100,
        description="How much passages count, by chunk id; 1 where none is given, 0 leaves the passage out: what would "
        "the answer be without this source?",
    )
    filter: DocumentFilter = None
    conversation: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description="Your id of the conversation; its answers can be deleted together.",
    )
    stream: bool = Field(default=False, description="Answer as server-sent events.")


class DocumentRef(BaseModel):
    """A document, as a citation names it."""

    id: str
    name: str
    title: str


class SpanOut(BaseModel):
    """A run of the answer in one ink; a copied run equals the document's text at `[start, end)`.

    An erased one is the note in the place of words whose document was deleted.
    """

    answer_start: int
    answer_end: int
    kind: Literal["copied", "written", "erased"]
    chunk: int | None = None
    document: str | None = None
    start: int | None = None
    end: int | None = None


class SourceOut(BaseModel):
    """A place in a document: `quote` is its canonical text at `[start, end)`."""

    document: DocumentRef
    chunk: int
    page: int | None
    start: int
    end: int
    quote: str
    score: float


class CitationOut(SourceOut):
    """Where a stretch of the answer comes from."""

    n: int = Field(description="Number to show, from 1.")
    answer_start: int
    answer_end: int
    before: str = Field("", description="Before the quote on its line, in its chunk; `…` where it is cut.")
    after: str = Field("", description="Behind the quote, as `before`.")
    support: float | None = Field(
        None,
        description="Probability that the quote says what was asked for; null where the model gives none.",
    )
    supported: bool | None = Field(
        None,
        description="Whether `support` is enough; false marks a quote to be read with care. Null as `support`.",
    )


class NearestOut(SourceOut):
    """A passage that comes close to an answer, whole, with the sentence in it that comes closest."""

    key_start: int | None = Field(None, description="Of the key sentence, in the document.")
    key_end: int | None = None


class PartOut(BaseModel):
    """Role of the characters `[answer_start, answer_end)` of an answer, for drawing them."""

    answer_start: int
    answer_end: int
    kind: Literal["text", "heading", "item", "row", "code"]


class AnswerRange(BaseModel):
    """Characters `[answer_start, answer_end)` of an answer."""

    answer_start: int
    answer_end: int


class UsageOut(BaseModel):
    """Tokens read and written."""

    context_tokens: int = Field(description="Of the passages found.")
    compressed_tokens: int = Field(description="Of what was kept and read.")
    generated_tokens: int


class DeletedOut(BaseModel):
    """Number of deleted answers."""

    model_config = ConfigDict(json_schema_extra={"example": {"deleted": 3}})

    deleted: int


class FeedbackOut(BaseModel):
    """The feedback stored with an answer."""

    model_config = ConfigDict(json_schema_extra={"example": {"rating": 1, "comment": "Right."}})

    rating: Literal[-1, 1]
    comment: str | None


class AgainIn(BaseModel):
    """How a question is asked again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"stream": False}})

    stream: bool = Field(default=False, description="Answer as server-sent events.")


class AnswerCountsOut(BaseModel):
    """Number of stored answers from a collection, and of the outdated ones without a renewal."""

    model_config = ConfigDict(json_schema_extra={"example": {"answers": 412, "outdated": 3}})

    answers: int
    outdated: int


class OutdatedOut(BaseModel):
    """Why an answer is outdated."""

    reason: Literal["source_changed", "source_gone"] = Field(
        description="A new version of a document says something else where the answer stands on it, or a document "
        "that it stands on was deleted."
    )
    since: datetime
    documents: list[DocumentRef] = Field(description="The changed documents, as far as they are still there.")


class AnswerOut(BaseModel):
    """An answer with its sources, or the refusal with the nearest passages."""

    model_config = ConfigDict(json_schema_extra={"example": ANSWER_EXAMPLE})

    id: str
    question: str = Field(description="As asked.")
    standalone_question: str | None = Field(
        default=None,
        description="As understood from the history: what was searched and answered; null where it stands alone.",
    )
    collections: list[str] = Field(description="Ids of the collections asked.")
    text: str = Field(description="The answer, or the refusal text.")
    answerable: bool = Field(description="False where the documents don't answer.")
    reason: str | None = Field(
        description="Why there is no answer: not_in_documents, no_passages, empty_collection, "
        "sources_withdrawn, question_filtered, answer_filtered; null where there is one."
    )
    confidence: float | None = Field(
        description="Probability that the passages hold the answer; null where the model gives none."
    )
    shape: (
        Literal["phrase", "sentence", "list", "steps", "row", "yes_no", "comparison", "definition"] | None
    ) = Field(
        default=None,
        description="Form of the answer; `phrase` is a phrase in its sentence. Null for refusals, and for models that "
        "tell none.",
    )
    phrase: str = Field(
        description="The short answer: a phrase of the text, or yes or no; empty where a list or steps have none."
    )
    emphasis: list[AnswerRange] = Field(default_factory=list, description="Where the text says the phrase.")
    parts: list[PartOut] = Field(
        default_factory=list, description="Roles of the stretches of the text, ascending."
    )
    more: bool = Field(
        default=False, description="Whether the document goes on with items that were left out."
    )
    spans: list[SpanOut]
    citations: list[CitationOut]
    unsupported: list[AnswerRange] = Field(
        default_factory=list, description="Sentences of the answer in which nothing is cited."
    )
    nearest: list[NearestOut] = Field(description="The nearest passages, where there is no answer.")
    also: list[SourceOut] = Field(
        default_factory=list,
        description="Other sentences that may answer, best first, where there is an answer.",
    )
    erased: list[AnswerRange] = Field(
        default_factory=list,
        description="Notes in the text, each in the place of words whose document was deleted, or whose new version "
        "does not say them.",
    )
    erased_sources: int = Field(
        default=0, description="Documents whose words were erased, in the text or in the lists of passages."
    )
    usage: UsageOut
    timings_ms: dict[str, float]
    model: str
    created_at: datetime
    status: AnswerStatus
    error: ErrorInfo | None = None
    feedback: FeedbackOut | None = None
    outdated: OutdatedOut | None = Field(
        default=None, description="Null while all that the answer stands on is as it was."
    )
    renews: str | None = Field(
        default=None, description="The answer whose question was asked again for this."
    )
    renewed_by: str | None = Field(
        default=None, description="The newest answer to the same question, asked again."
    )
    change: Literal["same", "changed"] | None = Field(
        default=None, description="Whether this says the same as the answer that it renews; null for others."
    )
