"""Signing in by an OpenID Connect provider: the authorization code flow with PKCE, by Authlib.

What a sign-in needs in its second step (verifier, nonce) is a row that is taken once and lives ten minutes, so that
any process may finish it. A token counts only if it is signed by the provider, for us, now, with our nonce.
"""

import hashlib
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.base_client import BaseApp, OAuth2Mixin, OpenIDMixin
from authlib.integrations.httpx_client import OAuth2Client
from joserfc.errors import JoseError

from app.db import identity
from app.db.engine import Database
from app.db.types import utc_now
from app.errors import UnauthenticatedError, UnavailableError
from app.identity import signing_in
from app.settings.groups import SignInSettings

try:  # as Authlib does, whose errors are those of the one that it takes
    import httpx2 as httpx
except ImportError:
    import httpx  # type: ignore[no-redef]

logger = logging.getLogger(__name__)

DISCOVERY: Final = "/.well-known/openid-configuration"
STATE_MINUTES: Final = 10
TIMEOUT_S: Final = 10.0


class _Client(OAuth2Mixin, OpenIDMixin, BaseApp):  # type: ignore[misc]
    client_cls = OAuth2Client


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in under way: where to send the browser, and the state that it must come back with."""

    url: str
    state: str


class Provider:
    """The configured provider; safe to use from many threads."""

    def __init__(self, settings: SignInSettings) -> None:
        """Know the provider by its settings; it is asked when somebody signs in."""
        assert settings.issuer is not None
        self._settings = settings
        self._issuer = str(settings.issuer).rstrip("/")
        self._client: _Client | None = None
        self._lock = threading.Lock()

    def begin(self, database: Database) -> Begun:
        """Start a sign-in.

        Raises:
            UnavailableError: The provider can't be reached, or is another one than configured.
        """
        client = self._known()
        verifier = generate_token(48)
        found: Mapping[str, str] = client.create_authorization_url(
            str(self._settings.redirect_url), code_verifier=verifier
        )
        kept = {"verifier": verifier, "nonce": found["nonce"]}
        with database.write() as session:
            identity.store_sign_in(
                session,
                _hash(found["state"]),
                "state",
                kept,
                utc_now() + timedelta(minutes=STATE_MINUTES),
            )
        return Begun(found["url"], found["state"])

    def finish(self, database: Database, state: str, code: str) -> str:
        """Complete a sign-in; gives the id of the user.

        Raises:
            UnauthenticatedError: The state is unknown, used or old, or the provider does not vouch for anybody.
            ForbiddenError: The user is not known here, or is disabled.
            UnavailableError: The provider can't be reached.
        """
        with database.write() as session:
            kept = identity.pop_sign_in(session, _hash(state), "state")
        if kept is None:
            raise UnauthenticatedError(
                "sign_in_over", "This sign-in is unknown, was used, or took too long.", "Sign in again."
            )
        claims = self._claims(code, kept)
        return signing_in.user_of_provider(
            database,
            f"{self._issuer} {claims['sub']}",
            str(claims.get("preferred_username") or claims.get("email") or claims["sub"]),
            may_make=self._settings.make_users,
        )

    def _claims(self, code: str, kept: Mapping[str, Any]) -> Mapping[str, Any]:
        client = self._known()
        try:
            token = client.fetch_access_token(
                str(self._settings.redirect_url), code=code, code_verifier=kept["verifier"]
            )
            claims: Mapping[str, Any] | None = client.parse_id_token(token, kept["nonce"])
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        except (AuthlibBaseError, JoseError, ValueError) as error:
            logger.warning("a sign-in was refused", extra={"reason": f"{type(error).__name__}: {error}"})
            claims = None
        if claims is None:
            raise UnauthenticatedError(
                "sign_in_refused", "The sign-in provider does not vouch for you.", "Sign in again."
            )
        return claims

    def _known(self) -> _Client:
        """The client with the provider's own description, asked for once."""
        with self._lock:
            if self._client is None:
                self._client = self._discovered()
            return self._client

    def _discovered(self) -> _Client:
        secret = self._settings.client_secret
        client = _Client(
            None,
            client_id=self._settings.client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            server_metadata_url=self._issuer + DISCOVERY,
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "timeout": TIMEOUT_S,
            },
        )
        try:
            said = client.load_server_metadata()
        except (httpx.HTTPError, ValueError) as error:
            raise self._unreachable(error) from error
        if str(said.get("issuer", "")).rstrip("/") != self._issuer:
            raise UnavailableError(
                "sign_in_unavailable",
                f"The sign-in provider calls itself {said.get('issuer')!r}, not {self._issuer!r}.",
                "Correct FATHOM_SIGN_IN__ISSUER.",
            )
        # Tokens signed with a secret that we share, or by nobody, vouch for nothing.
        offered = said.get("id_token_signing_alg_values_supported") or ["RS256"]
        said["id_token_signing_alg_values_supported"] = [
            name for name in offered if name[:2] in {"RS", "PS", "ES", "Ed"}
        ]
        return client

    def _unreachable(self, error: Exception) -> UnavailableError:
        return UnavailableError(
            "sign_in_unavailable",
            f"The sign-in provider {self._issuer} can't be reached: {error}.",
            "Try again, or use a password or a key.",
            retry_after_s=5,
        )


def _hash(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
