"""Errors between the pages and the REST interface.

FathomError
├── ApiUnreachableError   nothing answered, or the connection broke
└── ApiError              the interface answered with a problem document
"""


class FathomError(Exception):
    """Root of the errors that a page shows instead of its content."""


class ApiUnreachableError(FathomError):
    """No answer from the REST interface at `url`: not started, another port, or cut off."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"No answer from {url}: {reason}. Start it with `fathom serve`.")
        self.url = url
        self.reason = reason


class ApiError(FathomError):
    """The interface refused a request; the attributes come from its problem document.

    `fields` says what is wrong with each part of the request, one line a part.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        title: str,
        detail: str,
        hint: str,
        request_id: str,
        fields: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{title}: {detail} {hint}".strip())
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.hint = hint
        self.request_id = request_id
        self.fields = fields
