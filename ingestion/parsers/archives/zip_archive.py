"""ZIP archives: the document is the list of the files inside, and each of these becomes its own document."""

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.errors import EmptyDocumentError, EncryptedError, PartlyUnpackedError
from ingestion.parsers.mail.members import LOCKED, Members
from ingestion.sniff import ZIP
from ingestion.types import Document, KeepMember, Source

_MAX_NAMED = 5


def parse(source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
    """Unpack an archive and those inside it, and list the files.

    Raises:
        CorruptFileError: If the archive is damaged as a whole.
        EncryptedError: If all its files need a password.
        PartlyUnpackedError: If some files could not be unpacked; the others were handed on.
        LimitExceededError: If it unpacks to more than allowed; what was handed on is to be dropped.
        EmptyDocumentError: If no file is inside.
    """
    members = Members(limits, keep)
    members.open_zip(source.data)
    if members.problems:
        if not members.names and all(reason == LOCKED for _, reason in members.problems):
            raise EncryptedError("The files in the archive are protected by a password.")
        raise PartlyUnpackedError(_told(members))
    if not members.names:
        raise EmptyDocumentError("The archive holds no file.")
    writer = CanonicalWriter(limits)
    for name in members.names:
        writer.list_item(name)
    for what, count in members.skipped.items():
        writer.drop(what, count)
    return writer.build(media_type=ZIP)


def _told(members: Members) -> str:
    count, total = len(members.problems), len(members.problems) + len(members.names)
    named = ", ".join(f"{name} ({reason})" for name, reason in members.problems[:_MAX_NAMED])
    rest = f" and {count - _MAX_NAMED} more" if count > _MAX_NAMED else ""
    return f"{count} of {total} files in the archive could not be unpacked: {named}{rest}."
