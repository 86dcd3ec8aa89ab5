"""Liveness and readiness on the wire."""

from typing import Literal

from pydantic import BaseModel


class LiveOut(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"
    version: str


class CheckOut(BaseModel):
    """One thing that must work, and how it stands."""

    name: str
    ok: bool
    detail: str
    needed: bool = True
    """Whether requests can't be served without it."""


class ReadyOut(BaseModel):
    """Whether requests can be served, and why not."""

    ready: bool
    checks: list[CheckOut]
