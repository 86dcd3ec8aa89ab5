"""Errors of generation.

GeneratorError
├── CheckpointError      weights are missing, damaged, or of another shape than the config says
├── RequestError         a request that cannot be answered as it is (an empty question)
│   └── ContextLengthError   question, passages and answer do not fit into the model's window
├── NoAnswerError        the model ended without having written an answer
├── TrainingDataError    a training file is missing or has a form that is not known
└── ModelServerError     a model server failed, broke off, or sent what is not of its protocol
    ├── ModelServerUnreachableError   nothing answers at its address
    ├── ModelServerTimeoutError       it was silent for too long
    ├── ModelServerBusyError          too many requests, or its model is still being loaded
    ├── ModelServerKeyError           it refuses the key, or wants one
    ├── ModelServerNotFoundError      it does not know the path or the model
    └── ModelServerRequestError       it does not accept the request, or its model had no room for an answer
"""


class GeneratorError(Exception):
    """Base of all errors raised by generator."""


class CheckpointError(GeneratorError):
    """Weights are missing, damaged, or do not fit the configuration."""


class RequestError(GeneratorError):
    """The request cannot be answered; the message names the change to make."""


class ContextLengthError(RequestError):
    """Question, passages and answer do not fit into the model's window."""


class NoAnswerError(GeneratorError):
    """The model ended without having written an answer."""


class TrainingDataError(GeneratorError):
    """A training file is missing or its form is not known."""


class ModelServerError(GeneratorError):
    """The model server failed, closed the stream early, or broke its protocol.

    Attributes:
        retry_after_s: Seconds after which the server wants to be asked again, or None.
    """

    def __init__(self, message: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ModelServerUnreachableError(ModelServerError):
    """Nothing answers at the address of the model server."""


class ModelServerTimeoutError(ModelServerError):
    """The model server was silent for too long."""


class ModelServerBusyError(ModelServerError):
    """The model server has too much to do, or is still loading its model."""


class ModelServerKeyError(ModelServerError):
    """The model server refuses the key, or wants one."""


class ModelServerNotFoundError(ModelServerError):
    """The model server does not know the path or the model."""


class ModelServerRequestError(ModelServerError):
    """The model server does not accept the request, or its model had no room for an answer."""
