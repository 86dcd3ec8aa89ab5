"""Schema of the settings: every key with its meaning, its default and the values it may have.

Values come, in this order, from arguments, `FATHOM_*` variables (nested with `__`, as in
`FATHOM_WORKER__LEASE_S=30`), and a TOML file (`./fathom.toml`, or the one named by `FATHOM_CONFIG`).
Unknown keys are errors in all three. Nothing outside this package reads the environment.
"""

import ipaddress
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from app.settings.groups import (
    AnswerSettings,
    AuditSettings,
    BinSettings,
    ChunkingSettings,
    DeepseekSettings,
    GoldenSettings,
    LimitSettings,
    OpenAISettings,
    PositiveInt,
    QueueSettings,
    RetrievalSettings,
    SafetySettings,
    SettingsGroup,
    SignInSettings,
    UsageSettings,
    WebhookSettings,
    WorkerSettings,
)
from retrieval.config import CompressionConfig

PREFIX = "FATHOM_"
CONFIG_VARIABLE = "FATHOM_CONFIG"
# Read by the web pages, which are a program of their own.
PAGES_VARIABLE = "FATHOM_API_URL"
# The key that programs of this machine show to a running server.
KEY_VARIABLE = "FATHOM_KEY"


class Settings(BaseSettings):
    """Everything that can be configured, checked once at start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    mode: Literal["single", "users"] = "single"
    """Whom it serves: one person at this machine, without log-in, or users with keys."""
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
    """Permit listening on an address that other machines can reach although `mode` is "single": they may do all."""
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Names that API and pages are reached by, for the Host header; "*" for any. One with its port is an Origin too."""
    generator: Literal["fathom-small", "openai", "deepseek"] = "fathom-small"
    """Writer of answers: the shipped model, a server (see `openai`), or a checkpoint on this machine (`deepseek`)."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Device of the encoder, `fathom-small`, a checkpoint of `deepseek` and the reranker; a server of `openai` has
    its own. "cuda" needs a GPU."""
    threads: PositiveInt | None = None
    """Threads of the models; by default the number torch chooses."""
    models_dir: Path = Path(__file__).resolve().parents[2] / "models"
    """Folder with the weights and vocabularies."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe log message shown."""
    log_format: Literal["text", "json"] = "text"
    """Log lines for people or, one JSON object a line, for programs."""
    traces: Literal["off", "otlp"] = "off"
    """Whether traces go to a collector, by OTLP over HTTP; the variables `OTEL_…` say where and how much."""
    limits: LimitSettings = LimitSettings()
    chunking: ChunkingSettings = ChunkingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    worker: WorkerSettings = WorkerSettings()
    answers: AnswerSettings = AnswerSettings()
    bin: BinSettings = BinSettings()
    queues: QueueSettings = QueueSettings()
    safety: SafetySettings = SafetySettings()
    audit: AuditSettings = AuditSettings()
    webhooks: WebhookSettings = WebhookSettings()
    usage: UsageSettings = UsageSettings()
    golden: GoldenSettings = GoldenSettings()
    openai: OpenAISettings = OpenAISettings()
    deepseek: DeepseekSettings = DeepseekSettings()
    sign_in: SignInSettings = SignInSettings()

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
        if self.mode == "single" and not is_loopback(self.host) and not self.allow_remote:
            raise ValueError(
                f'host {self.host} can be reached from other machines, and mode = "single" asks nobody for a key; '
                'set mode = "users" (FATHOM_MODE=users), or use 127.0.0.1, or set allow_remote = true '
                "(FATHOM_ALLOW_REMOTE=1) behind a proxy that lets nobody else in"
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
        return self.retrieval.context_tokens or (
            CompressionConfig().max_tokens if self.generator == "fathom-small" else 2048
        )

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


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def variables() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every environment variable with the path of the setting it sets."""
    for name, field in Settings.model_fields.items():
        yield f"{PREFIX}{name}".upper(), (name,)
        group = field.annotation
        if isinstance(group, type) and issubclass(group, SettingsGroup):
            for inner in group.model_fields:
                yield f"{PREFIX}{name}__{inner}".upper(), (name, inner)
