"""Where the REST interface is: the only place of `ui` that reads the environment."""

import os
from dataclasses import dataclass
from typing import Final

DEFAULT_API_URL: Final = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True, kw_only=True)
class UiSettings:
    """Settings of the user interface.

    Attributes:
        api_url: Root of the REST interface, without `/v1` and without a slash at the end.
        public_api_url: The same as a browser sees it; shown to people, never called.
    """

    api_url: str
    public_api_url: str


def read_settings() -> UiSettings:
    """Read `FATHOM_API_URL` and `FATHOM_PUBLIC_API_URL` from the environment."""
    environment = os.environ
    api_url = environment.get("FATHOM_API_URL", "").strip().rstrip("/") or DEFAULT_API_URL
    public_url = environment.get("FATHOM_PUBLIC_API_URL", "").strip().rstrip("/") or api_url
    return UiSettings(api_url=api_url, public_api_url=public_url)
