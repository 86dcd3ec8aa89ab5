"""Where the REST interface is: the only place of `ui` that reads the environment."""

import json
import os
from dataclasses import dataclass
from typing import Final

DEFAULT_API_URL: Final = "http://127.0.0.1:8000"
DEFAULT_HOSTS: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """Settings of the user interface.

    Attributes:
        api_url: Root of the REST interface, without `/v1` and without a slash at the end.
        public_api_url: The same as a browser sees it; shown to people, never called.
        allowed_hosts: Names that the pages are reached by; see `guard.Hosts`.
    """

    api_url: str
    public_api_url: str
    allowed_hosts: tuple[str, ...]


def read_settings() -> UiSettings:
    """Read `FATHOM_API_URL`, `FATHOM_PUBLIC_API_URL` and `FATHOM_ALLOWED_HOSTS` from the environment.

    Raises:
        ValueError: The hosts are no JSON list of names.
    """
    environment = os.environ
    api_url = environment.get("FATHOM_API_URL", "").strip().rstrip("/") or DEFAULT_API_URL
    public_url = environment.get("FATHOM_PUBLIC_API_URL", "").strip().rstrip("/") or api_url
    hosts = json.loads(environment.get("FATHOM_ALLOWED_HOSTS") or json.dumps(DEFAULT_HOSTS))
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise ValueError(
            'FATHOM_ALLOWED_HOSTS must be a JSON list of names, as in ["localhost", "fathom.example"]'
        )
    return UiSettings(api_url=api_url, public_api_url=public_url, allowed_hosts=tuple(hosts))
