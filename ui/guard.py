"""Refuses pages of other sites, and other sites' names that are led here, before Streamlit sees the request.

Streamlit answers every Host, and takes sockets from any port of this machine. The rule is that of
`app/api/hosts.py`: the pages import nothing of the app, and one test tries both.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_DEFAULT_PORTS = {"http": 80, "https": 443}
_POLICY_VIOLATION = 1008


class GuardMiddleware:
    """Checks Host and Origin of pages, of their resources, and of their sockets."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        """Serve `app` by these names; see `Hosts`."""
        self._app = app
        self._hosts = Hosts(names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket, or refuse it."""
        refusal = self._refusal(Headers(scope=scope)) if scope["type"] in {"http", "websocket"} else None
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": ""})
        else:
            await PlainTextResponse(refusal, status_code=403)(scope, receive, send)

    def _refusal(self, headers: Headers) -> str | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._hosts.serves(host):
            return (
                "This host name is not served here. Use localhost, or add the name to FATHOM_ALLOWED_HOSTS."
            )
        # A socket is opened by GET, and Streamlit lets pages of other ports read what it serves: any method counts.
        if origin is not None and not self._hosts.is_own(origin, host):
            return (
                "A web page of another site can't use these pages. Behind a proxy that changes the Host "
                "header, add the name with its port to FATHOM_ALLOWED_HOSTS, as in fathom.example:443."
            )
        return None


class Hosts:
    """The names that are served, against pages of other sites and against their names that are led here."""

    def __init__(self, names: Iterable[str]) -> None:
        """Serve `names`: each a host, on every port; `host:port`, whose pages may send here; or "*", every host."""
        self._named = {_named(name.strip()) for name in names}

    def serves(self, host: str) -> bool:
        """Whether a Host header names us; an unreadable one does not."""
        name, port = _split(host)
        return name != "" and not self._named.isdisjoint({("*", None), (name, None), (name, port)})

    def is_own(self, origin: str, host: str) -> bool:
        """Whether a page of this Origin may send to this Host: it came from there, or is named with its port."""
        scheme, _, authority = origin.partition("://")
        default = _DEFAULT_PORTS.get(scheme.lower())
        page = _split(authority, default)
        return (
            default is not None and page[0] != "" and (page == _split(host, default) or page in self._named)
        )


def _split(authority: str, default: int | None = None) -> tuple[str, int | None]:
    """Name in lower case, without the brackets of IPv6, and port; no name where it is no `host[:port]`."""
    try:
        parts = urlsplit(f"//{authority}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return "", None
    plain = name is not None and parts.netloc == authority and "@" not in authority
    return (name or "") if plain else "", default if port is None else port


def _named(name: str) -> tuple[str, int | None]:
    bare = name.count(":") > 1 and not name.startswith("[")
    return (name.lower(), None) if bare else _split(name)
