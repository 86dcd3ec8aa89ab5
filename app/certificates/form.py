"""The form of a certificate: its fields, its canonical bytes, its hash and its signature.

The bytes are the canonical JSON of RFC 8785: keys sorted, no white space, UTF-8. There are no fractions in it (they are
strings), so Python's own writer gives that form. A file that is written in any other way is no certificate, so that
no byte of it can be changed unseen. The signature is Ed25519 (RFC 8032) over the hash.
"""

import base64
import binascii
import hashlib
import json
from typing import Any, Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pydantic import BaseModel, ConfigDict, ValidationError

FORMAT: Final = "fathom-certificate"
VERSION: Final = 1
MOST_BYTES: Final = 64 << 20


class NotACertificateError(Exception):
    """The bytes are not those of a certificate; the message says why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SourceRange(_Part):
    """Characters `[start, end)` of a document's canonical text, with the SHA-256 of that text in UTF-8."""

    document: str
    start: int
    end: int
    sha256: str


class Run(_Part):
    """Characters of the answer in one ink, with the ranges that they come from."""

    kind: Literal["copied", "written", "erased"]
    answer_start: int
    answer_end: int
    ranges: tuple[SourceRange, ...]


class Citation(SourceRange):
    """A stretch of the answer, copied from a document; `quote` is the text at both places."""

    n: int
    answer_start: int
    answer_end: int
    page: int | None
    quote: str


class CertifiedDocument(_Part):
    """A document that the answer comes from.

    Attributes:
        version: Number of the version, from 1.
        sha256: Of the canonical text, in UTF-8.
        characters: Of the canonical text.
        original_sha256: Of the file.
        hint: File suffix or media type that the parser was told.
        recipe: Hash over parser, chunking, encoder and vocabulary.
    """

    id: str
    name: str
    title: str
    version: int
    sha256: str
    characters: int
    original_sha256: str
    media_type: str
    hint: str
    recipe: str


class CertifiedCollection(_Part):
    """A collection that was asked; `index_seq` is the number of its last index change when this was written."""

    id: str
    name: str
    index_seq: int


class CertifiedAnswer(_Part):
    """The question and its answer."""

    id: str
    created_at: str
    question: str
    standalone_question: str | None
    text: str
    answerable: bool
    reason: str | None
    runs: tuple[Run, ...]
    citations: tuple[Citation, ...]


class Derivation(_Part):
    """How the answer was made; numbers with fractions are strings.

    Attributes:
        model: Id of the generator.
        encoder: Id of the encoder whose vectors are in the index.
        request: Passages, temperature, seed, filter, weights and ranking options.
        parsing: Options of the parser that change the canonical text.
        program: Version of Fathom that wrote this.
    """

    model: str
    encoder: str
    collections: tuple[CertifiedCollection, ...]
    request: dict[str, Any]
    parsing: dict[str, bool]
    program: str


class Instance(_Part):
    """The installation that wrote the certificate, with its public key (raw, base64)."""

    id: str
    public_key: str


class Statement(_Part):
    """Everything that is hashed and signed."""

    format: Literal["fathom-certificate"]
    version: Literal[1]
    issued_at: str
    answer: CertifiedAnswer
    documents: tuple[CertifiedDocument, ...]
    derivation: Derivation
    instance: Instance


class Certificate(Statement):
    """A statement with the SHA-256 of its canonical bytes and the signature over that hash."""

    hash: str
    signature: str


def canonical(value: Any) -> bytes:
    """Canonical bytes of a JSON value without fractions.

    Raises:
        ValueError: It holds a fraction, or text that is not Unicode.
    """
    _without_fractions(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8")


def sealed(statement: Statement, key: Ed25519PrivateKey) -> bytes:
    """The certificate of a statement, as the bytes of its file.

    Raises:
        ValueError: The statement names another public key.
    """
    if statement.instance.public_key != public_text(key.public_key()):
        raise ValueError("the statement names another key")
    body = statement.model_dump(mode="json")
    digest = hashlib.sha256(canonical(body)).hexdigest()
    signature = base64.b64encode(key.sign(digest.encode())).decode()
    return canonical(body | {"hash": digest, "signature": signature}) + b"\n"


def opened(data: bytes) -> Certificate:
    """The certificate in the bytes of a file; neither its hash nor its signature is checked.

    Raises:
        NotACertificateError: The bytes are not in canonical form, or a field is missing, unknown or of another type.
    """
    if len(data) > MOST_BYTES:
        raise NotACertificateError(f"it has more than {MOST_BYTES >> 20} MiB")
    try:
        value = json.loads(data)
        is_canonical = isinstance(value, dict) and canonical(value) + b"\n" == data
    except (ValueError, RecursionError) as error:
        raise NotACertificateError("it is no JSON in UTF-8") from error
    if not is_canonical:
        raise NotACertificateError("its bytes are not in canonical form")
    try:
        certificate = Certificate.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise NotACertificateError(
            f"its field {'.'.join(map(str, first['loc']))} is wrong: {first['msg']}"
        ) from error
    if canonical(certificate.model_dump(mode="json")) + b"\n" != data:
        raise NotACertificateError("a field is of another type")  # JSON's true passes for the number 1
    return certificate


def hash_of(certificate: Certificate) -> str:
    """SHA-256 of the canonical bytes of everything but hash and signature."""
    body = certificate.model_dump(mode="json", exclude={"hash", "signature"})
    return hashlib.sha256(canonical(body)).hexdigest()


def is_signed(certificate: Certificate) -> bool:
    """Whether the signature is by the key that the certificate names, over the hash that it names."""
    try:
        key = Ed25519PublicKey.from_public_bytes(_decoded(certificate.instance.public_key))
        key.verify(_decoded(certificate.signature), certificate.hash.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


def public_text(key: Ed25519PublicKey) -> str:
    """A public key as certificates name it: its 32 bytes in base64."""
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def text_hash(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _decoded(text: str) -> bytes:
    """Bytes from base64 that is written in its only form.

    Raises:
        ValueError: It is not.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
    if base64.b64encode(data).decode() != text:
        raise ValueError("bits are left over")
    return data


def _without_fractions(value: Any) -> None:
    if isinstance(value, float):
        raise ValueError("a certificate holds no fractions")  # noqa: TRY004 - JSON that is no certificate
    if isinstance(value, dict):
        for item in value.values():
            _without_fractions(item)
    elif isinstance(value, list):
        for item in value:
            _without_fractions(item)
