"""The examples of the REST schemas are true: `docs/rest.md` shows them as requests and replies."""

import json
from typing import Any

import pytest
from fastapi.routing import APIRoute
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from app.answers.types import GeneratedText
from app.api import (
    answers,
    audit,
    certificates,
    collections,
    deletions,
    documents,
    feedback,
    golden,
    grants,
    health,
    jobs,
    lexicons,
    metrics,
    people,
    reviews,
    search,
    signing_in,
    usage,
    webhooks,
)
from app.api.answers import STREAM_EXAMPLE
from app.api.jobs import EVENTS_EXAMPLE
from app.api.metrics import METRICS_EXAMPLE
from app.schemas.documents import UrlUpload
from app.schemas.jobs import JobOut
from app.schemas.problem import Problem
from tests.project.source_tree import ROOT

ROUTERS = (
    answers,
    audit,
    certificates,
    collections,
    deletions,
    documents,
    feedback,
    golden,
    grants,
    health,
    jobs,
    lexicons,
    metrics,
    people,
    reviews,
    search,
    signing_in,
    webhooks,
    usage,
)
ROUTES = [route for part in ROUTERS for route in part.router.routes if isinstance(route, APIRoute)]
REPLIES = {route.response_model for route in ROUTES if route.response_model is not None}
REQUESTS = {UrlUpload} | {
    route.body_field.field_info.annotation for route in ROUTES if route.body_field is not None
}


def example_of(model: type[BaseModel]) -> dict[str, Any]:
    extra: Any = model.model_config["json_schema_extra"]
    if callable(extra):
        schema: dict[str, Any] = {}
        extra(schema, model)
        extra = schema
    example: dict[str, Any] = extra["example"]
    return example


def data_of(events: str) -> list[Any]:
    return [
        json.loads(line.removeprefix("data: ")) for line in events.splitlines() if line.startswith("data: ")
    ]


@pytest.mark.parametrize("model", sorted(REPLIES, key=str), ids=lambda model: model.__name__)
def test_the_example_of_a_reply_has_every_field_and_no_other(model: type[BaseModel]) -> None:
    example = example_of(model)
    assert model.model_validate(example).model_dump(mode="json") == example


@pytest.mark.parametrize("model", sorted(REQUESTS, key=str), ids=lambda model: model.__name__)
def test_the_example_of_a_request_is_accepted_as_it_stands(model: type[BaseModel]) -> None:
    example = example_of(model)
    assert model.model_validate(example).model_dump(mode="json", exclude_unset=True) == example


def test_the_example_of_a_problem_is_one() -> None:
    example = example_of(Problem)
    assert Problem.model_validate(example).model_dump(exclude_none=True) == example


def test_the_examples_of_streams_are_events() -> None:
    assert [JobOut.model_validate(data).state for data in data_of(EVENTS_EXAMPLE)] == ["running"]
    assert [GeneratedText(**data).kind for data in data_of(STREAM_EXAMPLE)] == ["copied"]


def test_the_example_of_metrics_is_in_the_text_format_of_prometheus() -> None:
    assert [family.name for family in text_string_to_metric_families(METRICS_EXAMPLE)] == ["fathom_workers"]


def test_every_route_is_shown_with_a_request() -> None:
    page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
    parts = page.split("\n### ")[1:]
    shown = {part.splitlines()[0] for part in parts if "\n$ curl -s " in part}
    versioned = {
        f"{method} {'' if route in (*health.router.routes, *metrics.router.routes) else '/v1'}{route.path_format}"
        for route in ROUTES
        for method in route.methods or ()
    }
    assert shown == versioned


def test_the_page_has_no_words_of_the_framework() -> None:
    page = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
    assert [word for word in ("Page_", "Successful Response", "| default |") if word in page] == []
