"""Office packages (ECMA-376, part 2): parts, and the relations by which one part names another.

No content type is looked at and no part is needed but those that are asked for: templates and shows differ from
presentations in their declared type alone, and a damaged picture takes nothing with it.
"""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from lxml import etree

from ingestion.canonical import squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.packed import PackedFile, is_xml, parse_xml, refuse_document_type

_STRICT: Final = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/(\w+)")
_TRANSITIONAL: Final = rb"http://schemas.openxmlformats.org/\1/2006/\2"
_DC_TITLE: Final = "{http://purl.org/dc/elements/1.1/}title"
_RELATION: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """Target of a relation: a part of the package, or something outside.

    Attributes:
        kind: Last word of its type, such as `slide`; the same in strict and transitional files.
        target: Path of the part, or the address outside.
    """

    kind: str
    target: str
    is_external: bool


class OfficePackage:
    """The XML parts of an Office file, read once under the limits.

    Attributes:
        damaged: Parts that could not be unpacked.
    """

    def __init__(self, data: bytes, limits: ParsingLimits) -> None:
        """Unpack all parts, and keep those in XML.

        Raises:
            CorruptFileError: If the container is damaged, or a part declares a document type.
            EncryptedError: If a part is encrypted.
            LimitExceededError: If it unpacks to more than allowed.
        """
        self.damaged = 0
        self._parts: dict[str, bytes] = {}
        with PackedFile(data, limits) as packed:
            for entry in packed.entries:
                if entry.is_dir():
                    continue
                try:
                    content = packed.read(entry)
                except CorruptFileError:
                    self.damaged += 1
                    continue
                if is_xml(content, entry.filename):
                    refuse_document_type(content, entry.filename)
                    self._parts[_key(entry.filename)] = content

    def names(self, pattern: str) -> list[str]:
        """Paths of the XML parts that match, as their file has them but in lower case."""
        return [name for name in self._parts if re.fullmatch(pattern, name)]

    def xml(self, name: str) -> etree._Element | None:
        """Root of a part with namespaces of transitional files; None if it is missing or not well-formed."""
        data = self._parts.get(_key(name))
        if data is None:
            return None
        try:
            return parse_xml(_STRICT.sub(_TRANSITIONAL, data), name)
        except CorruptFileError:
            return None

    def relations(self, name: str = "") -> dict[str, Relation]:
        """Targets of a part's relations by id; without a name, the package's own relations."""
        root = self.xml(relations_part(name))
        return relations_of(root.iter(_RELATION) if root is not None else (), name)

    def title(self) -> str:
        """Title in the properties of the document."""
        core = self.xml("docProps/core.xml")
        return squeeze(core.findtext(_DC_TITLE) or "") if core is not None else ""


def relations_part(name: str) -> str:
    """Path of the part with the relations of a part; "" is the package itself."""
    folder, base = posixpath.split(name)
    return posixpath.join(folder, "_rels", f"{base}.rels")


def relations_of(items: Iterable[etree._Element], name: str) -> dict[str, Relation]:
    """Relations of a part by their id, from their elements."""
    folder = posixpath.dirname(name)
    found: dict[str, Relation] = {}
    for item in items:
        target, is_external = str(item.get("Target", "")), item.get("TargetMode") == "External"
        if not is_external:
            path = unquote(target.partition("#")[0]).replace("\\", "/")
            target = posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")
        kind = str(item.get("Type", "")).rpartition("/")[2]
        found[str(item.get("Id", ""))] = Relation(kind=kind, target=target, is_external=is_external)
    return found


def _key(name: str) -> str:
    """Names of parts ignore case."""
    return name.replace("\\", "/").lstrip("/").lower()
