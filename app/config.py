"""Settings of Fathom: the only module that reads the environment.

Values come, in this order, from arguments, `FATHOM_*` variables (nested with `__`, as in
`FATHOM_WORKER__LEASE_S=30`), and a TOML file (`./fathom.toml`, or the one named by `FATHOM_CONFIG`).
Unknown keys are errors in all three.
"""

import ipaddress
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AnyHttpUrl,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app.misspelt_settings import unknown_setting, unusable_setting
from app.setting_groups import AnswerSettings, PositiveInt, PositiveSeconds, QueueSettings
from app.setting_groups import SettingsGroup as _Group

PREFIX = "FATHOM_"
CONFIG_VARIABLE = "FATHOM_CONFIG"
# Read by the web pages, which are a program of their own.
PAGES_VARIABLE = "FATHOM_API_URL"
MIB = 1024 * 1024

Weight = Annotated[float, Field(gt=0, le=100)]


class SettingsError(Exception):
    """The configuration can't be used; the message says which key and what to do."""


class LimitSettings(_Group):
    """Sizes and counts above which a request or a file is refused, and what of a file is kept."""

    max_upload_bytes: PositiveInt = 100 * MIB
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
    max_pages: PositiveInt = 5000
    """Most pages of one document."""
    max_text_chars: PositiveInt = 20_000_000
    """Most characters of canonical text of one document."""
    min_coverage: Annotated[float, Field(ge=0, le=1)] = 0.97
    """Least share of a file's visible characters kept in its text; below it the document is ready with a warning."""
    parse_wall_s: PositiveSeconds = 300.0
    """Longest time a parser may take on one document, in seconds."""
    parse_cpu_s: PositiveSeconds = 240.0
    """Most processor time a parser may use on one document, in seconds."""
    parse_memory_bytes: PositiveInt = 2048 * MIB
    """Most memory of the parser process, in bytes."""
    keep_hidden: bool = False
    """Whether hidden and struck text of documents is kept; otherwise it is left out and counted."""
    keep_margins: bool = False
    """Whether page headers, page footers and comments of Word files are kept; otherwise they are counted."""


class ChunkingSettings(_Group):
    """How documents are cut."""

    max_tokens: Annotated[int, Field(ge=64, le=512)] = 512
    """Most tokens of one chunk, by the shipped vocabulary."""
    semantic_weight: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Worth of a drop in meaning between sentences, against even sizes; 0 cuts by structure alone, try 0.35."""


class RetrievalSettings(_Group):
    """How passages are searched and compressed."""

    k: Annotated[int, Field(ge=1, le=100)] = 8
    """Passages given to the generator when neither request nor collection says otherwise."""
    candidates: Annotated[int, Field(ge=1, le=1000)] = 50
    """Hits taken from each of dense and lexical search before they are fused."""
    context_tokens: PositiveInt | None = None
    """Token budget of the compressed context; by default 512 for `fathom-small`, 2048 for other models."""
    dense_weight: Weight = 1.0
    """Weight of the search by meaning where the two are fused."""
    lexical_weight: Weight = 2.0
    """Weight of the search by words where the two are fused."""
    rerank: bool = False
    """Order passages by a reranker, in searches and for answers, when neither request nor collection says otherwise."""
    rerank_depth: Annotated[int, Field(ge=1, le=200)] = 16
    """Passages that the reranker reads for one question."""
    reranker: Path | None = None
    """Folder of a cross-encoder (sentence-transformers, safetensors) that reranks; by default the generator does so."""
    mmr_lambda: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    """Maximal marginal relevance against near-duplicates: 1 goes by relevance alone, less prefers what is new."""
    max_per_document: Annotated[int, Field(ge=1, le=100)] | None = None
    """Most passages of one document among those found; by default any number."""
    neighbours: Annotated[int, Field(ge=0, le=16)] = 0
    """Passages before and after each one found, within its section, that are read with it."""
    exact_below: Annotated[int, Field(ge=0)] = 5000
    """Collections with at most this many chunks are searched exactly instead of by HNSW."""
    snapshot_every: PositiveInt = 2000
    """Index changes after which a new snapshot of the dense index is written."""


class WorkerSettings(_Group):
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


class OpenAISettings(_Group):
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


class DeepseekSettings(_Group):
    """The checkpoint that answers where `generator` is "deepseek"."""

    folder: Path | None = None
    """Folder of a DeepSeek V2 or V3 model as it is published: config.json, safetensors, tokenizer.json."""


class Settings(BaseSettings):
    """Everything that can be configured, checked once at start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    home: Path = Path(".fathom")
    """Folder of the database, stored files and indexes."""
    database_url: SecretStr | None = None
    """SQLAlchemy URL of the database; by default SQLite in `home`."""
    host: str = "127.0.0.1"
    """Address the API listens on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """Port of the API."""
    ui_port: Annotated[int, Field(ge=0, le=65535)] = 8501
    """Port of the web pages."""
    allow_remote: bool = False
    """Permit listening on an address that other machines can reach, although there are no keys."""
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Names that API and pages are reached by, for the Host header; "*" for any. One with its port is an Origin too."""
    generator: Literal["fathom-small", "openai", "deepseek"] = "fathom-small"
    """What writes answers: the shipped model, a server (see `openai`), or a checkpoint on this machine (`deepseek`)."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Device of the encoder, the reranker and a DeepSeek checkpoint; `fathom-small` runs on the processor."""
    threads: PositiveInt | None = None
    """Threads of the models; by default the number torch chooses."""
    models_dir: Path = Path(__file__).resolve().parent.parent / "models"
    """Folder with the weights and vocabularies."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe log message shown."""
    log_format: Literal["text", "json"] = "text"
    """Log lines for people or, one JSON object a line, for programs."""
    limits: LimitSettings = LimitSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    worker: WorkerSettings = WorkerSettings()
    answers: AnswerSettings = AnswerSettings()
    queues: QueueSettings = QueueSettings()
    openai: OpenAISettings = OpenAISettings()
    deepseek: DeepseekSettings = DeepseekSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the base class gives it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before environment before the TOML file; no dotenv, no secret folder."""
        toml = TomlConfigSettingsSource(settings_cls, settings_file())
        return init_settings, env_settings, toml

    @model_validator(mode="after")
    def _safe_bind(self) -> "Settings":
        if not is_loopback(self.host) and not self.allow_remote:
            raise ValueError(
                f"host {self.host} can be reached from other machines and there are no keys yet; "
                "use 127.0.0.1, or set allow_remote = true (FATHOM_ALLOW_REMOTE=1) behind a trusted proxy"
            )
        return self

    @model_validator(mode="after")
    def _model_server_is_named(self) -> "Settings":
        if self.generator == "openai" and (self.openai.base_url is None or self.openai.model is None):
            raise ValueError(
                'generator = "openai" needs an address and a model: set openai.base_url '
                "(FATHOM_OPENAI__BASE_URL) and openai.model (FATHOM_OPENAI__MODEL)"
            )
        return self

    @model_validator(mode="after")
    def _checkpoint_is_there(self) -> "Settings":
        folder = self.deepseek.folder
        if self.generator == "deepseek" and (folder is None or not (folder / "config.json").is_file()):
            named = "names none" if folder is None else f"names {folder}, which holds no config.json"
            raise ValueError(
                'generator = "deepseek" needs the folder of a published model, and deepseek.folder '
                f"(FATHOM_DEEPSEEK__FOLDER) {named}"
            )
        return self

    @property
    def max_new_tokens(self) -> int:
        """Most tokens of one answer, the default of the generator filled in."""
        return self.answers.max_new_tokens or (128 if self.generator == "fathom-small" else 1024)

    @property
    def context_tokens(self) -> int:
        """Token budget of the compressed context, the default of the generator filled in."""
        return self.retrieval.context_tokens or (640 if self.generator == "fathom-small" else 2048)

    @property
    def url(self) -> str:
        """Database URL, the default filled in; holds secrets, never to be printed."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home.resolve() / 'fathom.db'}"

    @property
    def served_hosts(self) -> tuple[str, ...]:
        """Names for the Host header: those allowed, and the address listened on unless it stands for all."""
        everywhere = {"0.0.0.0", "::"}  # noqa: S104 - told apart, not listened on
        return self.allowed_hosts if self.host in everywhere else (*self.allowed_hosts, self.host)

    @property
    def blobs_dir(self) -> Path:
        """Folder of the uploaded originals."""
        return self.home / "blobs"

    @property
    def indexes_dir(self) -> Path:
        """Folder of index snapshots; may be deleted at any time."""
        return self.home / "indexes"


def settings_file() -> Path:
    """The TOML file that settings are read from, whether or not it exists."""
    return Path(os.environ.get(CONFIG_VARIABLE) or "fathom.toml")


def set_in_environment(group: str, names: Iterable[str]) -> list[str]:
    """Variables of some settings of a group that are set, and so go before the settings file."""
    wanted = {(group, name) for name in names}
    given = {name.upper() for name in os.environ}
    return [variable for variable, path in variables() if path in wanted and variable in given]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_settings(**overrides: object) -> Settings:
    """Read and check the configuration.

    Args:
        **overrides: Values that go before environment and file; None means not given.

    Raises:
        SettingsError: A key is unknown, a value can't be used, or the file can't be read.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if named and not Path(named).is_file():
        raise SettingsError(f"{CONFIG_VARIABLE} names {named}, which is not a file; correct or unset it")
    known = [name for name, _ in variables()]
    for variable in os.environ:
        name = variable.upper()
        if name.startswith(PREFIX) and name not in {CONFIG_VARIABLE, PAGES_VARIABLE, *known}:
            raise SettingsError(unknown_setting(variable, variable, known))
    given: dict[str, Any] = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = (unusable_setting(entry, PREFIX, known) for entry in error.errors())
        raise SettingsError("; ".join(lines)) from error
    except (ValueError, OSError) as error:  # not TOML, not UTF-8, or not readable
        raise SettingsError(f"{settings_file()} can't be read: {error}; correct or restore it") from error


def child_environment(settings: Settings) -> dict[str, str]:
    """Environment for a child process that must see the same settings: ours, with each of them written out."""
    values = {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}
    dumped = settings.model_dump(mode="json")
    for variable, path in variables():
        value: Any = dumped
        plain: Any = settings
        for key in path:
            value, plain = value[key], getattr(plain, key)
        if isinstance(plain, SecretStr):  # masked in the dump
            value = plain.get_secret_value()
        if value is not None and not isinstance(value, Mapping):
            values[variable] = value if isinstance(value, str) else json.dumps(value)
    return values | {f"{PREFIX}DATABASE_URL": settings.url}


def variables() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every environment variable with the path of the setting it sets."""
    for name, field in Settings.model_fields.items():
        yield f"{PREFIX}{name}".upper(), (name,)
        group = field.annotation
        if isinstance(group, type) and issubclass(group, _Group):
            for inner in group.model_fields:
                yield f"{PREFIX}{name}__{inner}".upper(), (name, inner)


def let_threads_sleep() -> None:
    """Have the compute threads of this process and its children sleep while they wait for each other.

    To be called before torch is loaded, which reads the variable then. By default they spin, which is fine
    alone and ruinous beside others: with API, worker and pages on two busy cores, loading the encoder took
    21 seconds of processor time instead of 1.3. A value that the user has set stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
