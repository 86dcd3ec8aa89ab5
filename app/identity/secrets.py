"""Secrets: made by the system's source, kept as Argon2id hashes, compared without telling by time.

A key reads `fth_PREFIX_SECRET`. The prefix finds the row and is no secret; the secret has 160 bits.
"""

import base64
import hmac
import re
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

SECRET_BYTES: Final = 20
PREFIX_BYTES: Final = 5
KEPT: Final = 10_000
"""Secrets that are remembered as seen before."""
_KEY: Final = re.compile(r"fth_([a-z2-7]{8})_([a-z2-7]{32})")
# The least that OWASP's cheat sheet on passwords allows for Argon2id: 19 MiB, two passes, one lane.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_AT_ONCE: Final = threading.Semaphore(2)
"""Hashes made at the same time; more would only take memory."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A key that was just made: `text` is shown once, the others are kept."""

    text: str
    prefix: str
    hash: str


def new_key() -> NewSecret:
    """A fresh key."""
    prefix, secret = _letters(PREFIX_BYTES), _letters(SECRET_BYTES)
    return NewSecret(f"fth_{prefix}_{secret}", prefix, hashed(secret))


def parts_of(text: str) -> tuple[str, str] | None:
    """Prefix and secret of a key; None where it is none."""
    found = _KEY.fullmatch(text)
    return None if found is None else (found[1], found[2])


def hashed(secret: str) -> str:
    """Argon2id of a secret or password, with its parameters and salt."""
    with _AT_ONCE:
        return _HASHER.hash(secret)


def fits(kept: str, secret: str) -> bool:
    """Whether a secret or password has this hash."""
    with _AT_ONCE:
        try:
            return _HASHER.verify(kept, secret)
        except (Argon2Error, InvalidHashError):
            return False


def random_text() -> str:
    """160 random bits as letters and digits."""
    return _letters(SECRET_BYTES)


class Seen:
    """Secrets that were compared with their hash in this process, so that not each request costs a hash.

    Keyed digests are kept, under a key that dies with the process; what is kept opens nothing by itself.
    """

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._key = secrets.token_bytes(32)
        self._outcomes: OrderedDict[bytes, bool] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, kept: str, secret: str) -> bool | None:
        """Whether the secret fitted this hash before; None where it was not tried."""
        return self._outcomes.get(self._digest(kept, secret))

    def fits(self, kept: str, secret: str) -> bool:
        """Whether the secret fits the hash; computed the first time only."""
        digest = self._digest(kept, secret)
        outcome = self._outcomes.get(digest)
        if outcome is None:
            outcome = fits(kept, secret)
            with self._lock:
                self._outcomes[digest] = outcome
                while len(self._outcomes) > KEPT:
                    self._outcomes.popitem(last=False)
        return outcome

    def _digest(self, kept: str, secret: str) -> bytes:
        return hmac.digest(self._key, f"{kept}\n{secret}".encode(), "sha256")


def _letters(count: int) -> str:
    return base64.b32encode(secrets.token_bytes(count)).decode().lower()
