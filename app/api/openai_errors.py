"""Failures as OpenAI's clients read them: `{"error": {message, type, param, code}}`, with statuses that they know."""

from collections.abc import Mapping
from typing import Any

from fastapi.responses import JSONResponse

from app.errors import Failure

PREFIX = "/openai/"
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_body(failure: Failure, param: str | None = None) -> dict[str, Any]:
    """The body of a failed request; the message ends with the hint, since clients show nothing else."""
    kind = "server_error" if failure.status >= 500 else "invalid_request_error"
    return {
        "error": {
            "message": f"{failure.message} {failure.hint}".strip(),
            "type": _TYPES.get(failure.status, kind),
            "param": param,
            "code": failure.code,
        }
    }


def error_reply(failure: Failure, headers: Mapping[str, str], param: str | None = None) -> JSONResponse:
    """The reply to a failed request. Values that can't be used have status 400 there, not 422."""
    status = 400 if failure.status == 422 else failure.status
    return JSONResponse(error_body(failure, param), status, headers=dict(headers))


def error_of_problem(problem: Mapping[str, Any]) -> JSONResponse:
    """The reply where the work on a request failed, from its problem document."""
    failure = Failure(
        status=problem["status"],
        exit_code=1,
        code=problem["code"],
        message=problem["detail"],
        hint=problem.get("hint", ""),
    )
    return error_reply(failure, {})


ERROR_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "An error in OpenAI's form.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["error"],
                    "properties": {
                        "error": {
                            "type": "object",
                            "required": ["message", "type", "param", "code"],
                            "properties": {
                                "message": {"type": "string"},
                                "type": {"type": "string"},
                                "param": {"type": ["string", "null"]},
                                "code": {"type": "string"},
                            },
                        }
                    },
                }
            }
        },
    }
}
"""The `responses=` of the routers: the error that each route may answer with."""
