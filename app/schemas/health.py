"""Liveness and readiness on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class LiveOut(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ok", "version": "1.0.0"}})

    status: Literal["ok"] = "ok"
    version: str


class CheckOut(BaseModel):
    """State of a part of the service: the database, the disk, a model, the worker."""

    name: str
    ok: bool
    detail: str
    needed: bool = True
    """Whether requests can't be served without it."""


class ReadyOut(BaseModel):
    """Whether requests can be served, with the state of each part."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "ready": True,
                "checks": [
                    {"name": "database", "ok": True, "detail": "answers", "needed": True},
                    {"name": "serving", "ok": True, "detail": "serving", "needed": True},
                ],
            }
        }
    )

    ready: bool
    checks: list[CheckOut]
