"""Outlook's MSG: read as a MIME message is."""

from typing import Final

from ingestion.config import ParsingLimits
from ingestion.parsers.mail.eml import build
from ingestion.parsers.mail.outlook import read_outlook
from ingestion.sniff import MSG
from ingestion.types import Document, KeepMember, Source

_EMBEDDED: Final = "attached Outlook items"


def parse(source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
    """Read an Outlook item; its attachments are handed to `keep`, or counted as left out.

    Raises:
        CorruptFileError: If it is damaged.
        EncryptedError: If its text is encrypted.
        LimitExceededError: If archives among the attachments unpack to more than allowed.
    """
    message, embedded = read_outlook(source.data)
    return build(message, limits, keep, media_type=MSG, dropped={_EMBEDDED: embedded})
