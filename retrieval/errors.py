"""Everything that retrieval raises on purpose.

RetrievalError
├── InvalidVectorError      a vector of the wrong width, not finite, or of length zero
├── InvalidIdError          a chunk id that an index cannot label
├── IndexCapacityError      more vectors than one index may hold
├── IndexLockedError        another process writes to this index folder
├── CorruptIndexError       an index file is damaged or was written by another program
├── SnapshotError           a snapshot could not be written
├── IndexWriteError         an index could not be written to its folder
├── EncoderError            the encoder's files are missing or do not fit together
└── SpanError               sentence ranges that do not fit their text
"""


class RetrievalError(Exception):
    """Base of all errors of this library; the message names the event, the object and the next step."""


class InvalidVectorError(RetrievalError, ValueError):
    """Raised by `add` and `search` for a vector of the wrong width, not finite, or of length zero."""


class InvalidIdError(RetrievalError, ValueError):
    """Raised by `add` for a negative or too large chunk id."""


class IndexCapacityError(RetrievalError):
    """Raised by `add` when an embedded index would exceed the number of vectors it can label."""


class IndexLockedError(RetrievalError):
    """Raised when a second writer opens an index folder that another process holds."""


class CorruptIndexError(RetrievalError):
    """Raised when an index file is damaged; the index is a cache, so rebuild it from the database."""


class SnapshotError(RetrievalError):
    """Raised when a snapshot could not be written whole; earlier generations are untouched."""


class IndexWriteError(RetrievalError):
    """Raised when the folder of an index can't be written; the index may live in memory instead."""


class EncoderError(RetrievalError):
    """Raised when the encoder's files are missing or do not fit together."""


class SpanError(RetrievalError, ValueError):
    """Raised when sentence ranges overlap, run backwards, or leave their text."""
