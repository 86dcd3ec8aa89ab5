"""The key of an installation, by which its certificates name it: a file in the home folder, made when first needed.

Backups hold no key: a restored installation makes its own, and certificates of before stay valid by the key they name.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from app.errors import InvalidInputError, UnavailableError

KEY_FILE: Final = "certificate-key.pem"
_HINT: Final = "Restore the file, or remove it: another key is made, and certificates name that from then on."


def instance_key(home: Path) -> Ed25519PrivateKey:
    """The installation's key, made where there is none yet.

    Raises:
        UnavailableError: The file can't be read, or is no key of this kind.
    """
    path = home / KEY_FILE
    if not path.exists():
        _make(path)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise UnavailableError("certificate_key_unusable", f"The key {path} can't be read.", _HINT) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UnavailableError("certificate_key_unusable", f"{path} is a key of another kind.", _HINT)
    return key


def public_pem(key: Ed25519PublicKey) -> str:
    """A public key as PEM, to be kept by whoever verifies certificates."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def read_public(data: bytes) -> Ed25519PublicKey:
    """A public key from PEM.

    Raises:
        InvalidInputError: It is none of this kind.
    """
    hint = "Give the file that `fathom certify --public-key` printed on the installation."
    try:
        key = load_pem_public_key(data)
    except (ValueError, TypeError) as error:
        raise InvalidInputError("bad_public_key", "The file holds no public key.", hint) from error
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInputError("bad_public_key", "The file holds a public key of another kind.", hint)
    return key


def _make(path: Path) -> None:
    """Write a fresh key, complete and synced before its name appears; the first of several processes wins."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
