"""Every failure as one problem document, whatever raised it."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.api import openai_errors
from app.errors import Failure, describe
from app.observability import request_id
from app.schemas.problem import FieldError, Problem

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:fathom:problem:"

HINTS = {
    404: ("not_found", "There is nothing at this path.", "See /openapi.json for the paths there are."),
    405: ("method_not_allowed", "The path knows no such method.", "See the Allow header."),
}


def problem(failure: Failure, instance: str, errors: list[FieldError] | None = None) -> Problem:
    """The problem document of a failure."""
    return Problem(
        type=TYPE_PREFIX + failure.code,
        title=failure.code.replace("_", " ").capitalize(),
        status=failure.status,
        detail=failure.message,
        instance=instance,
        code=failure.code,
        hint=failure.hint,
        errors=errors,
        request_id=request_id(),
    )


def reply(
    failure: Failure,
    instance: str,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The HTTP reply for a failure."""
    extra = dict(headers or {})
    if failure.retry_after_s is not None:
        extra["Retry-After"] = str(failure.retry_after_s)
    if failure.status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = "Bearer"
    if instance.startswith(openai_errors.PREFIX):
        return openai_errors.error_reply(
            failure, extra, errors[0].field.removeprefix("body.") if errors else None
        )
    body = problem(failure, instance, errors).model_dump(exclude_none=True)
    return JSONResponse(body, failure.status, headers=extra, media_type=MEDIA_TYPE)


def reply_to(error: BaseException, instance: str) -> JSONResponse:
    """The reply to an error of the program; unexpected ones are logged with their trace."""
    failure = describe(error)
    if failure.code == "internal_error":
        logger.error("request failed", exc_info=error)
    return reply(failure, instance)


def install(app: FastAPI) -> None:
    """Answer all errors of `app` with problem documents."""
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    cause = error.__cause__
    if cause is not None and describe(cause).code != "internal_error":
        # FastAPI wraps what goes wrong while it reads a body, our limits included.
        return reply_to(cause, request.url.path)
    code, message, hint = HINTS.get(
        error.status_code,
        (
            HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_"),
            str(error.detail),
            "Correct the request; /openapi.json describes it.",
        ),
    )
    failure = Failure(status=error.status_code, exit_code=1, code=code, message=message, hint=hint)
    return reply(failure, request.url.path, headers=error.headers)


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [_field_error(entry) for entry in error.errors()]
    first = found[0] if found else FieldError(field="body", message="can't be read")
    failure = Failure(
        status=422,
        exit_code=2,
        code="invalid_request",
        message=f"{first.field}: {first.message}",
        hint="Correct the values listed under errors; /openapi.json describes them.",
    )
    return reply(failure, request.url.path, errors=found)


def _field_error(entry: Mapping[str, Any]) -> FieldError:
    place = ".".join(str(part) for part in entry["loc"] if not isinstance(part, int) or part < 1_000_000)
    return FieldError(field=place, message=str(entry["msg"]))


PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem document.",
        "model": Problem,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}
"""The `responses=` of a router: the problem that every route may answer with."""
