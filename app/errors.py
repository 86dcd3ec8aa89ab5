"""Errors of the program, and the one table that turns any error into a status, a code and a next step.

FathomError                     has `code`, `message`, `hint`; each class has its HTTP status and exit code
├── InvalidInputError      422  a value can't be used: a cursor, a name, a question that is too long
├── NotFoundError          404  there is no such thing
│   ├── CollectionNotFoundError, DocumentNotFoundError, JobNotFoundError, AnswerNotFoundError, LexiconNotFoundError
├── GoneError              410  it was there, and was erased: the reply to a call whose documents were deleted
├── ConflictError          409  a name is taken, the same call is still running, nothing to retry
├── TooLargeError          413  an upload or a request body beyond its limit
├── UnsupportedBodyError   415  a body of a type that the route does not read
├── UnauthenticatedError   401  no key was shown, or one that opens nothing
├── ForbiddenError         403  the key or its user may not do that
│   └── ForbiddenOriginError    a request from a foreign web page, or for a host name not served here
├── TooManyRequestsError   429  the key has made too many requests
├── UnavailableError       503  a part that is needed is not there: weights, disk, database
│   └── MissingModelError
├── QuoteMismatchError     500  a citation would not have equalled the stored text
├── DamagedFileError       500  the bytes of a stored file are not those that were uploaded
└── LeaseLostError         409  a worker that lost its job tried to write (never leaves the worker)

Errors of the libraries keep their own trees; `describe` maps them here, and those of database and disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from app.faults import machine_fault
from app.settings.reading import SettingsError
from generator.errors import (
    CheckpointError,
    ContextLengthError,
    GeneratorError,
    ModelServerBusyError,
    ModelServerError,
    ModelServerKeyError,
    ModelServerNotFoundError,
    ModelServerRequestError,
    ModelServerTimeoutError,
    ModelServerUnreachableError,
    NoAnswerError,
    RequestError,
)
from ingestion.errors import IngestionError
from retrieval.errors import RetrievalError

ADOPT_HINT = (
    "Correct FATHOM_DATABASE_URL and FATHOM_HOME, or restore the database from its backup. If this database is to "
    "serve this folder from now on, run `fathom adopt`: files that it does not know go to blobs/quarantine first."
)
BUG_HINT = "This is a fault of the program. The log has the details under this request id."

GENERATOR_FAILURES: Final[Mapping[type[GeneratorError], tuple[str, int, str]]] = {
    RequestError: ("generation_refused", 422, "Correct the input."),
    GeneratorError: ("generation_refused", 422, "Correct the input."),
    CheckpointError: ("model_unavailable", 503, "Restore the folder of models; `fathom doctor` checks it."),
    ContextLengthError: (
        "context_too_long", 422,
        "Lower FATHOM_RETRIEVAL__CONTEXT_TOKENS or FATHOM_ANSWERS__MAX_NEW_TOKENS, or shorten the question.",
    ),
    NoAnswerError: (
        "no_answer_written", 502,
        "Raise FATHOM_ANSWERS__MAX_NEW_TOKENS if tokens ran out; else the model does not follow its prompt.",
    ),
    ModelServerError: (
        "model_server_failed", 502, "Ask again; if it fails again, the log of the model server has the cause.",
    ),
    ModelServerUnreachableError: (
        "model_server_unreachable", 503,
        "Start the model server, or correct FATHOM_OPENAI__BASE_URL; `fathom doctor` tries it.",
    ),
    ModelServerTimeoutError: (
        "model_server_timeout", 504,
        "Ask again, or raise FATHOM_OPENAI__TIMEOUT_S: without a GPU, reading the passages may take minutes.",
    ),
    ModelServerBusyError: ("model_server_busy", 503, "Wait a moment and ask again."),
    ModelServerKeyError: ("model_server_key", 502, "Set the key of the server in FATHOM_OPENAI__API_KEY."),
    ModelServerNotFoundError: (
        "model_server_not_found", 502,
        "Correct FATHOM_OPENAI__BASE_URL (it mostly ends with /v1) or FATHOM_OPENAI__MODEL; `fathom doctor` lists "
        "the models of the server.",
    ),
    ModelServerRequestError: (
        "model_server_refused", 502,
        "If the context is too long, lower FATHOM_RETRIEVAL__CONTEXT_TOKENS or give the server a longer one; if "
        "tokens ran out, raise FATHOM_ANSWERS__MAX_NEW_TOKENS.",
    ),
}  # fmt: skip
"""Code, status and next step of each failure of a generator; other failures use the class that they inherit."""


MACHINE_FAULTS: Final[Mapping[str, tuple[int, int, str, str, int | None]]] = {
    "disk_full": (
        507, 7, "There is no space left on the disk, or a quota is used up.",
        "Free some space and try again; nothing that was stored is lost.", None,
    ),
    "disk_failed": (
        503, 7, "The disk failed to read or to write (I/O error).",
        "Look at the system's log and at the free space; nothing was half written.", None,
    ),
    "disk_read_only": (
        503, 7, "The database or its disk can't be written.",
        "Give the user who runs Fathom write access to the home folder and the database, and try again.", None,
    ),
    "database_locked": (
        503, 5, "The database is locked: somebody else is writing.",
        "Try again in a moment; if it lasts, end the program that holds the lock.", 2,
    ),
    "database_damaged": (
        503, 8, "The database is damaged, or its file is not a database.",
        "Stop Fathom, keep a copy of the file, and restore the database from its backup; docs/operations.md says how.",
        None,
    ),
    "database_unavailable": (
        503, 5, "The database does not answer.",
        "Try again in a moment; see /readyz and the log if it lasts.", 2,
    ),
}  # fmt: skip
"""Status, exit code, message, next step and seconds to wait for each fault of database or disk."""


class FathomError(Exception):
    """An error that its reader can act on.

    Attributes:
        code: Stable word for programs.
        message: What happened, to which thing.
        hint: The next step.
        retry_after_s: Seconds after which a repetition makes sense, or None.
    """

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, hint: str, *, retry_after_s: int | None = None) -> None:
        """Keep the parts; `str(error)` is the message and the hint."""
        super().__init__(f"{message} {hint}")
        self.code = code
        self.message = message
        self.hint = hint
        self.retry_after_s = retry_after_s


class InvalidInputError(FathomError):
    """A value of the request can't be used."""

    status = 422
    exit_code = 2


class NotFoundError(FathomError):
    """The thing asked for does not exist."""

    status = 404
    exit_code = 3


class CollectionNotFoundError(NotFoundError):
    """There is no collection of that id or name."""

    def __init__(self, key: str) -> None:
        """Name the collection."""
        super().__init__(
            "collection_not_found",
            f"There is no collection {key!r}.",
            "List the collections (GET /v1/collections, `fathom collections`), or create this one.",
        )


class DocumentNotFoundError(NotFoundError):
    """There is no document of that id."""

    def __init__(self, key: str) -> None:
        """Name the document."""
        super().__init__(
            "document_not_found",
            f"There is no document {key!r}.",
            "List the documents of its collection; it may have been deleted.",
        )


class AnswerNotFoundError(NotFoundError):
    """There is no answer of that id."""

    def __init__(self, key: str) -> None:
        """Name the answer."""
        super().__init__("answer_not_found", f"There is no answer {key!r}.", "Ask the question again.")


class LexiconNotFoundError(NotFoundError):
    """There is no lexicon of that name."""

    def __init__(self, name: str) -> None:
        """Name the missing object."""
        hint = "List them (GET /v1/lexicons, `fathom lexicons list`)."
        super().__init__("lexicon_not_found", f"There is no lexicon {name!r}.", hint)


class QuoteMismatchError(FathomError):
    """A citation does not read as the answer says: passages and stored text disagree."""

    def __init__(self, document_id: str, place: tuple[int, int]) -> None:
        """Name the document and the characters; no text, which would stand in logs and stored answers."""
        super().__init__(
            "quote_mismatch",
            f"Document {document_id} does not read at {place} as the answer says.",
            "Nothing was answered. Run `fathom index audit`, and upload the document again if it is clean.",
        )


class DamagedFileError(FathomError):
    """A stored file does not have the bytes any more that were uploaded."""

    exit_code = 9

    def __init__(self, sha256: str) -> None:
        """Name the file as it is named in the folder."""
        super().__init__(
            "file_damaged",
            f"The stored file {sha256} is damaged: its bytes are not those that were uploaded.",
            "Upload the same file again, which replaces it, or restore it from a backup; then retry the document.",
        )


class JobNotFoundError(NotFoundError):
    """There is no job of that id."""

    def __init__(self, key: str) -> None:
        """Name the missing object."""
        super().__init__(
            "job_not_found", f"There is no job {key!r}.", "Jobs go when their document is deleted."
        )


class GoneError(FathomError):
    """It was there, and was erased."""

    status = 410
    exit_code = 3


class ConflictError(FathomError):
    """The request does not fit the present state."""

    status = 409
    exit_code = 4


class EmptyDatabaseError(ConflictError):
    """The database knows no files, but the home folder holds some."""

    def __init__(self, database: str, home: object, count: int) -> None:
        """Name both places, without secrets, and how many files there are."""
        super().__init__(
            "database_empty",
            f"The database {database} knows no files, but {home} holds {count:,} of another database.",
            ADOPT_HINT,
        )


class ForeignDatabaseError(ConflictError):
    """The files in the home folder belong to another database."""

    def __init__(self, database: str, home: object) -> None:
        """Name both places, without secrets."""
        super().__init__(
            "database_of_another_home",
            f"The database {database} is not the one that the files in {home} belong to.",
            ADOPT_HINT,
        )


class TooLargeError(FathomError):
    """More bytes or items than the limits allow."""

    status = 413
    exit_code = 2


class UnsupportedBodyError(FathomError):
    """The request body is of a type that the route does not read."""

    status = 415
    exit_code = 2


class UnauthenticatedError(FathomError):
    """The request shows no key, or a key that opens nothing."""

    status = 401


class ForbiddenError(FathomError):
    """The key, or its user, may not do that."""

    status = 403


class TooManyRequestsError(FathomError):
    """The key has made too many requests; `retry_after_s` says when the next will be taken."""

    status = 429


class ForbiddenOriginError(ForbiddenError):
    """The request comes from a foreign web page or names a host that is not served here."""


class UnavailableError(FathomError):
    """Something that is needed is missing or does not answer."""

    status = 503
    exit_code = 5


class MissingModelError(UnavailableError):
    """A model of the distribution can't be loaded."""

    def __init__(self, *, model: str, detail: str) -> None:
        """Name the model (encoder, vocabulary, generator), and say why it can't be loaded."""
        super().__init__(
            f"{model}_missing",
            f"The {model} can't be loaded: {detail}.",
            "Restore the folder `models` from the distribution, or correct FATHOM_MODELS_DIR.",
        )


class LeaseLostError(FathomError):
    """A worker's job was taken over by another worker, or its document is gone."""

    status = 409

    def __init__(self, job_id: str) -> None:
        """Name the job."""
        super().__init__("lease_lost", f"Job {job_id} belongs to another worker now.", "Nothing was written.")


@dataclass(frozen=True, slots=True)
class Failure:
    """An error in the form shown to people and programs."""

    status: int
    exit_code: int
    code: str
    message: str
    hint: str
    retry_after_s: int | None = None

    @property
    def info(self) -> dict[str, str]:
        """The three parts that documents and jobs keep."""
        return {"code": self.code, "message": self.message, "hint": self.hint}


def describe(error: BaseException) -> Failure:
    """Map any exception to a Failure. Unknown exceptions become `internal_error` without details."""
    if isinstance(error, FathomError):
        told = (error.code, error.message, error.hint, error.retry_after_s)
        return Failure(error.status, error.exit_code, *told)
    fault = machine_fault(error)
    if fault is not None:
        status, exit_code, message, hint, retry_after_s = MACHINE_FAULTS[fault]
        return Failure(status, exit_code, fault, message, hint, retry_after_s)
    if isinstance(error, IngestionError):
        return Failure(status=422, exit_code=2, code=error.code, message=error.message, hint=error.hint)
    if isinstance(error, SettingsError):
        return Failure(
            status=500, exit_code=2, code="bad_settings", message=str(error), hint="Correct the setting."
        )
    if isinstance(error, RetrievalError):
        return Failure(
            status=503,
            exit_code=5,
            code="retrieval_failed",
            message=str(error),
            hint="Try again; `fathom index audit` tells whether an index must be rebuilt.",
        )
    if isinstance(error, GeneratorError):
        return _generation_failure(error)
    return Failure(
        status=500, exit_code=70, code="internal_error", message="Something went wrong.", hint=BUG_HINT
    )


def _generation_failure(error: GeneratorError) -> Failure:
    known = next(kind for kind in type(error).__mro__ if kind in GENERATOR_FAILURES)
    code, status, hint = GENERATOR_FAILURES[known]
    return Failure(
        status=status,
        exit_code=2 if status == 422 else 5,
        code=code,
        message=str(error),
        hint=hint,
        retry_after_s=error.retry_after_s if isinstance(error, ModelServerError) else None,
    )
