"""Errors of generation.

GeneratorError
├── CheckpointError      weights are missing, damaged, or of another shape than the config says
├── RequestError         a request that cannot be answered as it is (empty question, no room)
└── TrainingDataError    a training file is missing or has a form that is not known
"""


class GeneratorError(Exception):
    """Base of all errors raised by generator."""


class CheckpointError(GeneratorError):
    """Weights are missing, damaged, or do not fit the configuration."""


class RequestError(GeneratorError):
    """The request cannot be answered as it is; the message says what to change."""


class TrainingDataError(GeneratorError):
    """A training file is missing or its form is not known."""
