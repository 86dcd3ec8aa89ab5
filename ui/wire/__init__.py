"""Types of the REST interface's replies; field for field as its documentation says."""

from typing import Any, Literal, NotRequired, TypedDict

DocumentStatus = Literal["queued", "parsing", "chunking", "embedding", "indexing", "ready", "failed"]


class Collection(TypedDict):
    """A set of documents that questions are asked of."""

    id: str
    name: str
    description: NotRequired[str | None]
    language: NotRequired[str | None]
    settings: NotRequired[dict[str, Any]]
    documents: NotRequired[int]
    chunks: NotRequired[int]
    failed: NotRequired[int]
    reembedding: NotRequired[int]
    created_at: NotRequired[str]
    updated_at: NotRequired[str]


class FieldValue(TypedDict):
    """A value of a field, and the documents that have it."""

    value: str
    documents: int


class Field(TypedDict):
    """A field of the documents' metadata; `kind` is text, number, boolean or date."""

    name: str
    kind: str
    documents: int
    values: list[FieldValue]


class Suggestion(TypedDict):
    """A question that the documents of a collection answer."""

    question: str
    language: str


class Failure(TypedDict):
    """Reason of a document's failure, or warning of a document that is ready."""

    code: str
    message: str
    hint: NotRequired[str | None]


class Dropped(TypedDict):
    """Something in the file that has no text, and how often."""

    what: str
    count: int


class Coverage(TypedDict):
    """Visible characters of the file, the characters read, and some words that were not."""

    visible: int
    kept: int
    lost: list[str]


class Progress(TypedDict):
    """`done` of `total` units of a stage; `total` is 0 where not known yet."""

    done: int
    total: int


class Document(TypedDict):
    """A file and where it stands on its way into the index."""

    id: str
    collection_id: str
    name: str
    status: DocumentStatus
    media_type: NotRequired[str | None]
    size_bytes: NotRequired[int]
    sha256: NotRequired[str]
    title: NotRequired[str | None]
    language: NotRequired[str | None]
    enabled: NotRequired[bool]
    version: NotRequired[int]
    chunks: NotRequired[int]
    pages: NotRequired[int | None]
    metadata: NotRequired[dict[str, Any]]
    tags: NotRequired[list[str]]
    dropped: NotRequired[list[Dropped]]
    coverage: NotRequired[Coverage | None]
    warnings: NotRequired[list[Failure]]
    error: NotRequired[Failure | None]
    job_id: NotRequired[str | None]
    progress: NotRequired[Progress | None]
    created_at: NotRequired[str]
    updated_at: NotRequired[str]


class Job(TypedDict):
    """Work on one document; `done` of `total` units of its stage."""

    id: str
    document_id: str
    state: Literal["queued", "running", "done", "failed"]
    stage: NotRequired[str | None]
    done: NotRequired[int]
    total: NotRequired[int]
    attempts: NotRequired[int]
    error: NotRequired[Failure | None]


class UploadReply(TypedDict):
    """Results of uploaded files."""

    documents: list[Document]
    jobs: list[Job]


class ChunkItem(TypedDict):
    """A passage of a document; `[start, end)` are characters of its canonical text."""

    id: int
    start: int
    end: int
    text: NotRequired[str]
    token_count: NotRequired[int]
    page: NotRequired[int | None]
    heading_path: NotRequired[list[str]]
    enabled: NotRequired[bool]


class PageRange(TypedDict):
    """Characters `[start, end)` that stand on page `number`."""

    number: int
    start: int
    end: int


class Block(TypedDict):
    """A heading, paragraph, table or the like at `[start, end)`."""

    kind: str
    start: int
    end: int
    level: NotRequired[int | None]
    page: NotRequired[int | None]


class Content(TypedDict):
    """Canonical text of a document; offsets are Unicode code points in `text`."""

    document_id: str
    title: NotRequired[str | None]
    text: str
    pages: NotRequired[list[PageRange]]
    blocks: NotRequired[list[Block]]


class DocumentRef(TypedDict):
    """A document as answers and hits name it."""

    id: str
    name: str
    title: NotRequired[str | None]


class Passage(TypedDict):
    """A place in a document; `quote` is its canonical text at `[start, end)`."""

    document: DocumentRef
    start: int
    end: int
    quote: str
    chunk: NotRequired[int | str | None]
    page: NotRequired[int | None]
    score: NotRequired[float | None]


class Citation(Passage):
    """The source of `answer.text[answer_start:answer_end]`."""

    n: int
    answer_start: int
    answer_end: int
    before: NotRequired[str]
    after: NotRequired[str]
    support: NotRequired[float | None]
    supported: NotRequired[bool | None]


class Span(TypedDict):
    """A stretch of an answer in one ink."""

    answer_start: int
    answer_end: int
    kind: str


class AnswerRange(TypedDict):
    """Characters `[answer_start, answer_end)` of an answer."""

    answer_start: int
    answer_end: int


class Nearest(Passage):
    """A passage whole; `[key_start, key_end)` of its document is the sentence that comes closest."""

    key_start: NotRequired[int | None]
    key_end: NotRequired[int | None]


class Part(AnswerRange):
    """Role of a stretch of an answer."""

    kind: Literal["text", "heading", "item", "row", "code"]


class Me(TypedDict):
    """Who makes the requests; `mode` is `single` where nobody signs in."""

    mode: Literal["single", "users"]
    id: str | None
    name: str
    admin: bool


class SignInWays(TypedDict):
    """How people sign in; `provider` is the name of the sign-in provider."""

    mode: Literal["single", "users"]
    provider: str | None


class ProviderSignIn(TypedDict):
    """A started sign-in by the provider: the address for the browser, and the state that it must return with."""

    url: str
    state: str


class Turn(TypedDict):
    """An earlier question of a conversation and its answer."""

    question: str
    answer: str | None


class Outdated(TypedDict):
    """Why an answer is outdated; `documents` changed and are still there."""

    reason: Literal["source_changed", "source_gone"]
    since: str
    documents: list[DocumentRef]


class Answer(TypedDict):
    """A stored answer; `standalone_question` is the completed question, if it differs from the typed one."""

    id: str
    question: str
    standalone_question: NotRequired[str | None]
    text: str
    answerable: NotRequired[bool]
    reason: NotRequired[str | None]
    error: NotRequired[Failure | None]
    feedback: NotRequired[dict[str, Any] | None]
    collections: NotRequired[list[Any]]
    confidence: NotRequired[float | None]
    shape: NotRequired[str | None]
    phrase: NotRequired[str | None]
    emphasis: NotRequired[list[AnswerRange]]
    parts: NotRequired[list[Part]]
    more: NotRequired[bool]
    spans: NotRequired[list[Span]]
    citations: NotRequired[list[Citation]]
    unsupported: NotRequired[list[AnswerRange]]
    nearest: NotRequired[list[Nearest]]
    also: NotRequired[list[Passage]]
    erased: NotRequired[list[AnswerRange]]
    erased_sources: NotRequired[int]
    usage: NotRequired[dict[str, int]]
    timings_ms: NotRequired[dict[str, float]]
    model: NotRequired[str | None]
    status: NotRequired[str]
    created_at: NotRequired[str]
    outdated: NotRequired[Outdated | None]
    renews: NotRequired[str | None]
    renewed_by: NotRequired[str | None]
    change: NotRequired[str | None]


class AnswerCounts(TypedDict):
    """Number of stored answers from a collection, and of the outdated ones."""

    answers: int
    outdated: int


class Review(TypedDict):
    """The work of asking all outdated answers of a collection again."""

    id: str
    collection_id: str
    state: Literal["queued", "running", "done", "failed", "cancelled"]
    total: int
    done: int
    changed: int
    same: int
    failed: int
    created_at: str
    finished_at: str | None


class Change(TypedDict):
    """An answer before and after it was asked again."""

    before: Answer
    after: Answer


class SourceRange(TypedDict):
    """Characters `[start, end)` of a document; `quote` is null where the document is gone."""

    chunk: int
    document: str
    page: int | None
    start: int
    end: int
    quote: str | None
    weight: float


class ProvenanceRun(TypedDict):
    """A run of an answer in one ink, with its copied range or the ranges with the most attention."""

    answer_start: int
    answer_end: int
    kind: str
    ranges: list[SourceRange]
    weight_sum: float


class Provenance(TypedDict):
    """Where the parts of an answer come from."""

    id: str
    text: str
    recorded: Literal["tokens", "runs", "nothing"]
    note: str | None
    runs: list[ProvenanceRun]
    documents: list[DocumentRef]


class Kept(TypedDict):
    """Characters of a hit that compression kept."""

    start: int
    end: int


class Hit(TypedDict):
    """A passage found by a search; `[start, end)` are characters of its document."""

    rank: int
    score: float
    scores: dict[str, float | None]
    chunk_id: int
    document: DocumentRef
    start: int
    end: int
    text: str
    page: NotRequired[int | None]
    heading_path: NotRequired[list[str]]
    kept: NotRequired[list[Kept]]


class SearchReply(TypedDict):
    """Results of a search, and the time of each stage."""

    query: str
    hits: list[Hit]
    stages: NotRequired[dict[str, list[int]]]
    tokens_before: NotRequired[int | None]
    tokens_after: NotRequired[int | None]
    timings_ms: NotRequired[dict[str, float]]
