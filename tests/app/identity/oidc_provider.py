"""A small OpenID Connect provider: discovery, keys, authorization and tokens, for tests."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT = ("fathom", "the-secret-of-the-client-which-is-long")


@dataclass
class LocalProvider:
    """Signs in `person` whenever a browser comes; `claims` and `key` let a test make wrong tokens.

    Attributes:
        person: Claims of whoever sits at the browser.
        claims: Claims that replace the right ones.
        key: Signs tokens; the published one by default.
    """

    person: dict[str, Any]
    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = None
    algorithm: str = "RS256"
    url: str = ""
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.published = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.codes: dict[str, dict[str, str]] = {}

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
            ]
        )

    async def _discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.published.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT[0]
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        shown = base64.b64decode(request.headers.get("authorization", "").partition(" ")[2]).decode()
        if asked is None or shown != ":".join(CLIENT):
            return JSONResponse({"error": "invalid_grant"}, 400)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if challenge != asked["code_challenge"] or form["redirect_uri"] != asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT[0], "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        token = jwt.encode(
            {"alg": self.algorithm, "kid": "one"},
            claims | self.person | self.claims,
            self.key or self.published,
            algorithms=[self.algorithm],
        )
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": token})


def shared_secret() -> Any:
    """A key that anybody could sign with who knows the client's secret."""
    return OctKey.import_key(CLIENT[1])


@contextmanager
def running(provider: LocalProvider) -> Iterator[LocalProvider]:
    """The provider behind a port of this machine."""
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=0, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield provider
    server.should_exit = True
    thread.join(10)


def back_from(url: str) -> dict[str, str]:
    """State and code that a browser comes back with."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
