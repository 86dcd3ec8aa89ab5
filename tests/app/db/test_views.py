"""Rows of tables stay inside `app.db`: its functions give frozen views."""

import dataclasses
import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator

import app.db
from app.db import models, views

ROWS = {kind for kind in vars(models).values() if inspect.isclass(kind) and issubclass(kind, models.Base)}
BLANKED_IN_PLACE = {models.Answer}
"""An answer is rewritten as it stands when a document behind it goes."""


def functions() -> Iterator[tuple[str, object]]:
    for found in pkgutil.iter_modules(app.db.__path__):
        module = importlib.import_module(f"app.db.{found.name}")
        if module is not models:
            for name, function in inspect.getmembers(module, inspect.isfunction):
                if function.__module__ == module.__name__ and not name.startswith("_"):
                    yield f"{found.name}.{name}", function


def kinds(hint: object) -> set[object]:
    return {hint}.union(*(kinds(inner) for inner in typing.get_args(hint)))


def test_no_query_gives_a_row_away():
    given = {
        name: kinds(typing.get_type_hints(function).get("return")) & ROWS - BLANKED_IN_PLACE
        for name, function in functions()
    }
    assert len(given) > 50
    assert {name for name, rows in given.items() if rows} == set()


def test_views_can_not_be_changed():
    found = [kind for kind in vars(views).values() if dataclasses.is_dataclass(kind)]
    assert len(found) > 5
    assert all(kind.__dataclass_params__.frozen for kind in found)
