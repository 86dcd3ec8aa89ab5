"""Failures of calls, as the server tells them."""

import httpx


class FathomFailure(Exception):  # noqa: N818 - it is what it says
    """A call that failed.

    Attributes:
        status: HTTP status; 0 where the server can't be reached.
        code: A stable word for the failure; docs/errors.md lists them.
        message: What happened, in a sentence.
        hint: What to do.
    """

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        """Take status, code and sentences of a problem document."""
        super().__init__(f"{message} {hint}".strip())
        self.status, self.code, self.message, self.hint = status, code, message, hint


def failure_of(reply: httpx.Response) -> FathomFailure:
    """The failure that a reply, read to its end, tells."""
    try:
        problem = reply.json()
        return FathomFailure(reply.status_code, problem["code"], problem["detail"], problem.get("hint", ""))
    except (ValueError, LookupError, TypeError):
        return FathomFailure(reply.status_code, "http_error", f"The server replied with {reply.status_code}.")


def unreachable(base_url: str, error: httpx.HTTPError) -> FathomFailure:
    """The failure where there is no reply."""
    said = str(error) or type(error).__name__
    return FathomFailure(
        0, "unreachable", f"Fathom can't be reached at {base_url}: {said}.", "Start it, or check the address."
    )
