"""Groups of settings, each a table of the settings file.

A setting that a library has too takes the library's default, so that each number stands once.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from ingestion.config import ChunkingConfig, ParsingLimits
from retrieval.config import FusionConfig, HnswConfig, RetrievalConfig

PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]
PositiveSeconds = Annotated[float, Field(gt=0)]
Weight = Annotated[float, Field(gt=0, le=100)]
MIB = 1024 * 1024

_PARSING = ParsingLimits()
_CHUNKING = ChunkingConfig()
_RETRIEVAL = RetrievalConfig()
_FUSION = FusionConfig()


class SettingsGroup(BaseModel):
    """Settings under one name; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LimitSettings(SettingsGroup):
    """Upper limits of requests and files, and the parts of a file to read."""

    max_upload_bytes: PositiveInt = _PARSING.max_bytes
    """Largest single file accepted, in bytes."""
    max_request_bytes: PositiveInt = 256 * MIB
    """Largest upload request (all its files together), in bytes."""
    max_json_bytes: PositiveInt = MIB
    """Largest JSON request body, in bytes."""
    max_files_per_request: PositiveInt = 100
    """Most files in one upload request."""
    max_name_chars: PositiveInt = 255
    """Longest document or collection name, in characters."""
    max_question_chars: PositiveInt = 4000
    """Longest question or search query, in characters."""
    max_pages: PositiveInt = _PARSING.max_pages
    """Most pages of one document."""
    max_text_chars: PositiveInt = _PARSING.max_text_chars
    """Most characters of canonical text of one document."""
    min_coverage: Annotated[float, Field(ge=0, le=1)] = 0.97
    """Least share of a file's visible characters in its text; below it the document is ready with a warning."""
    parse_wall_s: PositiveSeconds = _PARSING.wall_s
    """Longest time a parser may take on one document, in seconds."""
    parse_cpu_s: PositiveSeconds = float(_PARSING.cpu_s)
    """Most processor time a parser may use on one document, in seconds."""
    parse_memory_bytes: PositiveInt = _PARSING.memory_bytes
    """Most memory of the parser process, in bytes."""
    keep_hidden: bool = _PARSING.keep_hidden
    """Whether hidden and struck text of documents is read; otherwise it is left out and counted."""
    keep_margins: bool = _PARSING.keep_margins
    """Whether page headers, page footers and comments of Word files are read; otherwise they are counted."""


class ChunkingSettings(SettingsGroup):
    """How documents are cut."""

    max_tokens: Annotated[int, Field(ge=64, le=512)] = _CHUNKING.max_tokens
    """Most tokens of one chunk, by the shipped vocabulary."""
    semantic_weight: Annotated[float, Field(ge=0, le=10)] = _CHUNKING.semantic_weight
    """Worth of a drop in meaning between sentences, against even sizes; 0 cuts by structure alone, try 0.35."""


class RetrievalSettings(SettingsGroup):
    """How passages are searched and compressed."""

    k: Annotated[int, Field(ge=1, le=100)] = 8
    """Passages given to the generator when neither request nor collection says otherwise."""
    candidates: Annotated[int, Field(ge=1, le=1000)] = _RETRIEVAL.candidates
    """Hits taken from each of dense and lexical search before they are fused."""
    context_tokens: PositiveInt | None = None
    """Token budget of the compressed context; by default 640 for `fathom-small`, 2048 for other models."""
    dense_weight: Weight = _FUSION.dense_weight
    """Weight of the search by meaning where the two are fused."""
    lexical_weight: Weight = _FUSION.lexical_weight
    """Weight of the search by words where the two are fused."""
    rerank: bool = False
    """Order passages by a reranker, in searches and for answers, when neither request nor collection says otherwise."""
    rerank_depth: Annotated[int, Field(ge=1, le=200)] = _RETRIEVAL.rerank_depth
    """Passages that the reranker reads for one question."""
    reranker: Path | None = None
    """Folder of a cross-encoder (sentence-transformers, safetensors) that reranks; by default the generator does so."""
    mmr_lambda: Annotated[float, Field(ge=0.0, le=1.0)] = _RETRIEVAL.mmr_lambda
    """Maximal marginal relevance against near-duplicates: 1 ranks by relevance alone, less prefers new content."""
    max_per_document: Annotated[int, Field(ge=1, le=100)] | None = _RETRIEVAL.max_per_document
    """Most passages of one document among those found; by default any number."""
    neighbours: Annotated[int, Field(ge=0, le=16)] = _RETRIEVAL.neighbours
    """Passages before and after each one found, within its section, that are read with it."""
    exact_below: Annotated[int, Field(ge=0)] = HnswConfig().exact_below
    """Collections with at most this many chunks are searched exactly instead of by HNSW."""
    snapshot_every: PositiveInt = 2000
    """Index changes after which a new snapshot of the dense index is written."""


class WorkerSettings(SettingsGroup):
    """Background ingestion."""

    concurrency: PositiveInt = 1
    """Documents a worker process ingests at the same time."""
    lease_s: PositiveSeconds = 30.0
    """Seconds without a heartbeat after which a job is taken from its worker."""
    heartbeat_s: PositiveSeconds = 5.0
    """Seconds between heartbeats; well under the lease."""
    turn_s: PositiveSeconds = 10.0
    """Seconds of work on one document after which others that wait have a turn, the smallest file first."""
    poll_s: PositiveSeconds = 0.5
    """Seconds an idle worker waits before it looks for jobs again."""
    max_attempts: PositiveInt = 5
    """Attempts after which a document whose worker keeps dying is set aside as failed."""
    quarantine_days: Annotated[float, Field(ge=0)] = 7.0
    """Days that a stored file which no document refers to stays in `blobs/quarantine` before it is deleted."""

    @model_validator(mode="after")
    def _heartbeat_within_lease(self) -> "WorkerSettings":
        if self.heartbeat_s * 2 > self.lease_s:
            raise ValueError("heartbeat_s must be at most half of lease_s")
        return self


class OpenAISettings(SettingsGroup):
    """The model server that answers where `generator` is "openai"."""

    base_url: AnyHttpUrl | None = None
    """Address of a server with OpenAI's protocol, as in `http://127.0.0.1:11434/v1`; it gets questions and passages."""
    model: Annotated[str, Field(min_length=1)] | None = None
    """Name of the model, as the server knows it."""
    api_key: SecretStr | None = None
    """Key of the server, where it wants one."""
    timeout_s: PositiveSeconds = 120.0
    """Longest silence of the server, in seconds, after which an answer is given up."""

    @field_validator("base_url")
    @classmethod
    def _without_secrets(cls, url: AnyHttpUrl | None) -> AnyHttpUrl | None:
        if url is not None and (url.username or url.password or url.query):
            raise ValueError("must hold no user, password or query; the key is a setting of its own, api_key")
        return url

    @field_validator("api_key")
    @classmethod
    def _fits_into_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        if key is None or not key.get_secret_value().strip():
            return None
        plain = key.get_secret_value().strip()
        if not plain.isascii() or not plain.isprintable() or " " in plain:
            raise ValueError("must be printable ASCII without spaces")
        return SecretStr(plain)


class SignInSettings(SettingsGroup):
    """Signing in to the web pages, where `mode` is "users"."""

    session_hours: PositiveFloat = 12.0
    """Hours after which somebody who signed in has to do so again."""
    issuer: AnyHttpUrl | None = None
    """Address of an OpenID Connect provider that users may sign in with, as it stands in its tokens."""
    provider_name: Annotated[str, Field(min_length=1, max_length=60)] = "OpenID Connect"
    """Name of the provider, on the button."""
    client_id: Annotated[str, Field(min_length=1)] | None = None
    """Id of this Fathom at the provider."""
    client_secret: SecretStr | None = None
    """Secret of this Fathom at the provider, where it wants one."""
    redirect_url: AnyHttpUrl | None = None
    """Where the provider sends people back to: the web pages' address with `/sign-in/back`."""
    make_users: bool = False
    """Whether whoever the provider vouches for becomes a user; otherwise `fathom users change --subject` links them."""

    @model_validator(mode="after")
    def _provider_is_complete(self) -> "SignInSettings":
        if self.issuer is not None and (self.client_id is None or self.redirect_url is None):
            raise ValueError(
                "a provider needs client_id and redirect_url too (FATHOM_SIGN_IN__CLIENT_ID, "
                "FATHOM_SIGN_IN__REDIRECT_URL)"
            )
        return self


class DeepseekSettings(SettingsGroup):
    """The checkpoint that answers where `generator` is "deepseek"."""

    folder: Path | None = None
    """Folder of a DeepSeek V2 or V3 model as it is published: config.json, safetensors, tokenizer.json."""


class AnswerSettings(SettingsGroup):
    """Answers and their streams."""

    stream_grace_s: PositiveSeconds = 10.0
    """Seconds an answer continues after its client left, so that the client may resume."""
    ping_s: PositiveSeconds = 10.0
    """Seconds between comments that keep a silent stream open."""
    max_new_tokens: PositiveInt | None = None
    """Most tokens of one answer; by default 128 of `fathom-small`, 1024 of other models."""
    max_concurrent: PositiveInt = 2
    """Answers generated at the same time; more wait for their turn."""
    max_waiting: Annotated[int, Field(ge=0)] = 12
    """Answers that may wait for their turn; a quarter of the places is never given to one caller alone."""
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    """Sampling temperature when a request names none; 0 takes the most likely."""
    keep_days: PositiveFloat | None = None
    """Days after which stored answers are deleted with their questions; by default they stay until they are deleted."""
    suggest: bool = True
    """Whether the server makes questions that collections answer, in idle moments, for the first page."""


class BinSettings(SettingsGroup):
    """The bin: deletions that can be undone."""

    keep_days: Annotated[float, Field(ge=0, le=3650)] = 7.0
    """Days for which a deleted document or collection can be restored; its text is erased after that. 0 erases it at
    once."""


class SafetySettings(SettingsGroup):
    """Redaction of personal data; lexicons of the content filter are kept in the database."""

    redact: tuple[Literal["output", "logs", "audit"], ...] = ()
    """Places in which personal data (numbers of persons, cards, accounts, phones; addresses) is made unreadable:
    "output" (answers and hits of searches), "logs", "audit" (texts of the trail). By default none."""


class AuditSettings(SettingsGroup):
    """The audit trail."""

    answers: bool = True
    """Record every question with its passages and its answer; changes of lexicons are recorded anyway."""
    searches: bool = False
    """Record every search too, before its result is shown: one more write to the disk for each."""
    keep_text: bool = True
    """Keep questions and answers in the trail beside their hashes, until they are deleted."""
    keep_text_days: PositiveFloat | None = None
    """Days after which the texts in the trail are deleted; their hashes stay."""
    keep_days: PositiveFloat | None = None
    """Days after which records are deleted, oldest first; by default they stay."""


class WebhookSettings(SettingsGroup):
    """Webhooks."""

    allow_private: bool = False
    """Send to addresses of this machine and of its network too; by default to public ones only."""
    timeout_s: PositiveSeconds = 10.0
    """Longest wait for the receiver's reply."""
    attempts: PositiveInt = 9
    """Attempts at a message before it is given up; with the waits between them 9 take about 19 hours."""
    keep_days: PositiveFloat = 30.0
    """Days that delivered and failed messages are listed, and can be replayed."""


class UsageSettings(SettingsGroup):
    """Counts of use."""

    keep_days: PositiveFloat = 400.0
    """Days after which the counts of a day are deleted."""


class GoldenSettings(SettingsGroup):
    """Golden questions of collections."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Least share of a collection's golden questions that pass before vectors of another encoder are searched."""
    watch: bool = True
    """Whether the server asks them after every change."""


class QueueSettings(SettingsGroup):
    """How much of each kind of work is done at once, and how much may wait; more is refused with 503."""

    searches: PositiveInt = 2
    """Searches made at the same time."""
    searches_waiting: Annotated[int, Field(ge=0)] = 32
    """Searches that may wait for their turn."""
    fetches: PositiveInt = 4
    """Pages of the web fetched at the same time."""
    fetches_waiting: Annotated[int, Field(ge=0)] = 16
    """Pages that may wait to be fetched."""
    uploads: PositiveInt = 8
    """Upload requests processed at the same time."""
    uploads_waiting: Annotated[int, Field(ge=0)] = 64
    """Upload requests that may wait; the body of a waiting request is not read."""
    exports: PositiveInt = 2
    """Whole texts of documents put together at the same time."""
    exports_waiting: Annotated[int, Field(ge=0)] = 32
    """Whole texts that may wait to be put together."""
