"""Which Host and Origin headers are answered. The pages have the same rule in `ui/guard.py`; one test tries both."""

from collections.abc import Iterable
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Hosts:
    """The names that are served, against pages of other sites and against their names that are led here."""

    def __init__(self, names: Iterable[str]) -> None:
        """Serve `names`: each a host, on every port; `host:port`, whose pages may send here; or "*", every host."""
        self._named = {_named(name.strip()) for name in names}

    def serves(self, host: str) -> bool:
        """Whether a Host header names this server; False if it can't be parsed."""
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
