"""Errors of ingestion.

IngestionError                      has `code`, `message`, `hint`
├── UnsupportedFormatError          unsupported_format   the bytes are of no format that is read here
│   └── ConverterMissingError       converter_missing    LibreOffice is needed to read it, and isn't there
├── EmptyDocumentError              empty_document       no bytes, or nothing but white space came out
├── EncryptedError                  encrypted            a password is needed
├── NoTextLayerError                no_text_layer        pages are pictures; there is no text to read
├── CorruptFileError                corrupt_file         damaged, cut off, or refused as dangerous
├── PartlyUnpackedError             partly_unpacked      some files of an archive could not be unpacked
├── LimitExceededError              limit_exceeded       too large, too slow or too much memory
├── UndecodableError                undecodable          no character encoding fits
└── VocabularyError                 bad_vocabulary       a vocabulary file is missing or malformed
"""

from typing import ClassVar


class IngestionError(Exception):
    """A document can't be ingested; the message has the cause and the next step.

    Attributes:
        code: Stable word for programs.
        message: What happened, for people.
        hint: The next step, for people.
    """

    code: ClassVar[str] = "ingestion_failed"
    default_hint: ClassVar[str] = "Check the file and upload it again."

    def __init__(self, message: str, hint: str | None = None) -> None:
        """Keep the message; `hint` replaces the class's usual next step."""
        super().__init__(message)
        self.message = message
        self.hint = self.default_hint if hint is None else hint

    def __reduce__(self) -> tuple[type["IngestionError"], tuple[str, str]]:
        """Pickle with both texts."""
        return type(self), (self.message, self.hint)


class UnsupportedFormatError(IngestionError):
    """The bytes are of no format that is read here."""

    code = "unsupported_format"
    default_hint = (
        "Upload PDF, DOCX, PPTX, XLSX, EPUB, EML, HTML, Markdown, text, CSV, JSON or ZIP, or convert it."
    )


class ConverterMissingError(UnsupportedFormatError):
    """LibreOffice is needed to read the file, and is not installed.

    Attributes:
        media_type: Of the file.
    """

    code = "converter_missing"
    default_hint = (
        "Install LibreOffice where the worker runs and try again, or save the file in a newer format."
    )

    def __init__(self, message: str, hint: str | None = None, media_type: str = "") -> None:
        """Store the kind of the file."""
        super().__init__(message, hint)
        self.media_type = media_type


class EmptyDocumentError(IngestionError):
    """No bytes, or nothing but white space came out."""

    code = "empty_document"
    default_hint = "Upload a file that contains text."


class EncryptedError(IngestionError):
    """A password is needed to read the file."""

    code = "encrypted"
    default_hint = "Remove the password and upload the file again."


class NoTextLayerError(IngestionError):
    """The pages are pictures; there is no text to read."""

    code = "no_text_layer"
    default_hint = "Run text recognition (OCR) on the file and upload the result."


class CorruptFileError(IngestionError):
    """The file is damaged, cut off, or refused as dangerous."""

    code = "corrupt_file"
    default_hint = "Open the file in its own program, save it again and upload the new file."


class PartlyUnpackedError(IngestionError):
    """Some files of an archive could not be unpacked; the others are documents."""

    code = "partly_unpacked"
    default_hint = "The other files were taken in. Unpack the archive, and upload those that are missing."


class LimitExceededError(IngestionError):
    """The file is too large, or reading it took too long or too much memory."""

    code = "limit_exceeded"
    default_hint = "Split the file into smaller ones, or raise the parsing limits."


class UndecodableError(IngestionError):
    """No character encoding fits the bytes."""

    code = "undecodable"
    default_hint = "Save the file as UTF-8 and upload it again."


class VocabularyError(IngestionError):
    """A vocabulary file is missing or malformed."""

    code = "bad_vocabulary"
    default_hint = "Restore models/tokenizer/ or train the vocabulary again (ingestion.train_vocabulary)."
