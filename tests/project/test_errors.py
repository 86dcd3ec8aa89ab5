"""Every error that is raised on purpose is drawn, told and documented."""

import importlib
import inspect

import pytest

from app.errors import describe
from tests.project.source_tree import ROOT

MODULES = ("app.errors", "ingestion.errors", "retrieval.errors", "generator.errors")


def error_classes(module: str) -> list[type[Exception]]:
    members = inspect.getmembers(importlib.import_module(module), inspect.isclass)
    return [cls for _, cls in members if issubclass(cls, Exception) and cls.__module__ == module]


@pytest.mark.parametrize("module", MODULES)
def test_the_drawn_tree_names_every_error_or_its_parent(module: str) -> None:
    drawn = importlib.import_module(module).__doc__ or ""
    missing = [
        cls.__name__ for cls in error_classes(module) if not any(k.__name__ in drawn for k in cls.__mro__[:2])
    ]
    assert missing == []


@pytest.mark.parametrize("module", MODULES[1:])
def test_no_error_of_a_library_is_told_as_a_fault_of_the_program(module: str) -> None:
    told = {cls.__name__: describe(cls("what happened")) for cls in error_classes(module)}
    unexplained = {name for name, failure in told.items() if failure.status == 500}
    assert unexplained == set()


def test_every_code_of_a_document_is_documented() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    codes = {cls.code for cls in error_classes("ingestion.errors")}
    assert {code for code in codes if f"`{code}`" not in page and code != "ingestion_failed"} == set()
