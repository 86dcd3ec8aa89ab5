"""Requests counted for usage: by whom, and about which collection."""

from collections.abc import Sequence
from typing import Final

from fastapi import Request
from starlette.types import Scope

from app.api.access import Rule, principal_of_request
from app.library.usage import Meter
from app.metrics import Metrics
from app.search.searching import SearchResult, stage_times

_ABOUT: Final = "used_collections"


def is_about(request: Request, collections: Sequence[str]) -> None:
    """Note the collections, by id or name, that a request is about, where its path does not tell."""
    setattr(request.state, _ABOUT, tuple(collections))


def count_request(scope: Scope, status: int) -> None:
    """Count a request that has ended; a request that needs no key is nobody's."""
    rule = getattr(scope.get("route"), "rule", None)
    meter: Meter | None = getattr(scope["app"].state, "meter", None) if "app" in scope else None
    request = Request(scope)
    if not isinstance(rule, Rule) or meter is None or not hasattr(request.state, "principal"):
        return
    if rule.scope is None or rule.local:
        return
    about: Sequence[str] = ()
    if status < 400:  # what was refused may name collections that are none, or of others
        about = getattr(request.state, _ABOUT, ())
        if rule.kind == "collection":
            about = (str(scope["path_params"][rule.parameter]),)
    principal = principal_of_request(request)
    meter.count_request(principal.key_id, principal.user_id or "", about)


def count_search(request: Request, collections: Sequence[str], query: str, found: SearchResult) -> None:
    """Count a search that was made, and the times of its stages."""
    is_about(request, collections)
    metrics: Metrics = request.app.state.metrics
    metrics.search(stage_times(found.retrieved.timings_ms))
    principal = principal_of_request(request)
    meter: Meter = request.app.state.meter
    meter.count_search(principal.key_id, principal.user_id or "", collections, len(query))
