"""Open packed files (DOCX and its like) under limits, and read their XML without document types or entities."""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from types import TracebackType

from lxml import etree

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError, LimitExceededError

_READ_BYTES = 1 << 18
_RATIO_FROM_BYTES = 1 << 20
_ENCRYPTED_FLAG = 0x1
_READ_ERRORS = (
    KeyError, ValueError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError,
)  # fmt: skip
_XML_START = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?[\s\x00]*<")
_DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.I)


class UnpackBudget:
    """Remaining budget for unpacking; nested archives share one budget."""

    def __init__(self, limits: ParsingLimits) -> None:
        """Start with nothing used."""
        self._limits = limits
        self._bytes = 0
        self._parts = 0

    def spend_parts(self, count: int) -> None:
        """Count parts.

        Raises:
            LimitExceededError: If there are too many.
        """
        self._parts += count
        if self._parts > self._limits.max_parts:
            raise LimitExceededError(
                f"The file has {self._parts} parts; {self._limits.max_parts} are allowed."
            )

    def spend_bytes(self, count: int) -> None:
        """Count unpacked bytes.

        Raises:
            LimitExceededError: If there are too many.
        """
        self._bytes += count
        if self._bytes > self._limits.max_unpacked_bytes:
            raise LimitExceededError(
                f"The file unpacks to more than {self._limits.max_unpacked_bytes} bytes."
            )


class PackedFile:
    """A ZIP container whose parts are read under limits on number, size and ratio; declared sizes aren't trusted."""

    def __init__(
        self,
        data: bytes,
        limits: ParsingLimits,
        *,
        budget: UnpackBudget | None = None,
        allow_encrypted: bool = False,
    ) -> None:
        """Open the container.

        Args:
            data: Its bytes.
            limits: What it may cost.
            budget: Shared with containers around this one.
            allow_encrypted: Leave it to the caller to pass over encrypted parts.

        Raises:
            CorruptFileError: If it is damaged.
            EncryptedError: If a part is encrypted.
            LimitExceededError: If it has too many parts or says that it unpacks to too much.
        """
        self._limits = limits
        self._budget = budget or UnpackBudget(limits)
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise CorruptFileError("The packed file is damaged or was cut off.") from error
        self.entries = self._archive.infolist()
        self._budget.spend_parts(len(self.entries))
        if not allow_encrypted and any(is_encrypted(entry) for entry in self.entries):
            raise EncryptedError("The packed file is protected by a password.")
        self.names = [entry.filename for entry in self.entries]

    def __enter__(self) -> "PackedFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()

    def read(self, part: str | zipfile.ZipInfo) -> bytes:
        """Unpack one part, given by its name or (where names are not unique) its entry.

        Raises:
            CorruptFileError: If the part is missing or damaged.
            LimitExceededError: If it unpacks to more than allowed.
        """
        name = part if isinstance(part, str) else part.filename
        try:
            entry = self._archive.getinfo(part) if isinstance(part, str) else part
            packed = max(1, entry.compress_size)
            blocks: list[bytes] = []
            size = 0
            with self._archive.open(entry) as stream:
                while block := stream.read(_READ_BYTES):
                    blocks.append(block)
                    size += len(block)
                    self._check(name, size, packed, len(block))
        except _READ_ERRORS as error:
            raise CorruptFileError(f"The part {name} of the file is missing or damaged.") from error
        return b"".join(blocks)

    def _check(self, name: str, size: int, packed: int, added: int) -> None:
        self._budget.spend_bytes(added)
        if size > _RATIO_FROM_BYTES and size > self._limits.max_unpack_ratio * packed:
            raise LimitExceededError(
                f"The part {name} unpacks to over {self._limits.max_unpack_ratio} times its size.",
                "The file looks like a decompression bomb. Upload the text in another form.",
            )

    def xml(self, name: str) -> etree._Element:
        """Unpack and parse an XML part.

        Raises:
            CorruptFileError: If it is not well-formed, or has a document type or entities (refused as dangerous).
        """
        return parse_xml(self.read(name), name)

    def checked_parts(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of every part, unpacked once, so that the limits hold for a library that unpacks by itself.

        Raises:
            CorruptFileError: If a part is damaged, or an XML part declares a document type.
            LimitExceededError: If the parts unpack to more than allowed.
        """
        for name in self.names:
            data = self.read(name) if not name.endswith("/") else b""
            if is_xml(data, name):
                refuse_document_type(data, name)
            yield name, data


def is_encrypted(entry: zipfile.ZipInfo) -> bool:
    """Whether a part needs a password."""
    return bool(entry.flag_bits & _ENCRYPTED_FLAG)


def is_xml(data: bytes, name: str) -> bool:
    """Whether a part is XML, by content: its type is declared apart from its name.

    SVG pictures don't count: they may declare a document type, and none is read.
    """
    return _XML_START.match(data) is not None and not name.lower().endswith(".svg")


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Parse XML without network, document types, entities or huge nodes.

    Raises:
        CorruptFileError: If it is not well-formed or declares a document type.
    """
    refuse_document_type(data, name)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser=parser)
    except etree.XMLSyntaxError as error:
        raise CorruptFileError(f"The part {name} is not well-formed XML.") from error
    if root.getroottree().docinfo.doctype:
        raise CorruptFileError(f"The part {name} declares a document type, which is refused.")
    return root


def refuse_document_type(data: bytes, name: str) -> None:
    """Refuse a part that declares a document type or entities.

    Raises:
        CorruptFileError: If it does.
    """
    # Zeros go so that UTF-16 can't hide the word.
    if _DOCTYPE.search(data.replace(b"\x00", b"") if b"\x00" in data else data):
        raise CorruptFileError(
            f"The part {name} declares a document type, which is refused.",
            "Save the document again with an office program and upload the new file.",
        )
