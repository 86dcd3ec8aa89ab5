"""Notebooks: cells in order, results as text, pictures counted."""

import json

import pytest

from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError
from ingestion.parsers import parse_source
from ingestion.types import Document, Source

PNG = "iVBORw0KGgoAAAANSUhEUgAA" * 40


def read(notebook: object, name: str = "a.ipynb") -> Document:
    return parse_source(Source(name=name, data=json.dumps(notebook).encode()), ParsingLimits())


def test_cells_and_results_are_text() -> None:
    code = {
        "cell_type": "code",
        "source": ["x = 1\n", "print(x)"],
        "outputs": [
            {"output_type": "stream", "name": "stdout", "text": ["\x1b[31mOne\x1b[0m\n"]},
            {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": ["<Figure size 6x4>"]}},
            {
                "output_type": "execute_result",
                "data": {
                    "text/html": "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
                    "text/plain": "   a b",
                },
            },
            {"output_type": "error", "ename": "KeyError", "evalue": "'y'", "traceback": ["long"]},
        ],
    }
    markdown = {"cell_type": "markdown", "source": ["# Yield\n", "It is **81** percent."]}
    document = read({"cells": [markdown, code], "nbformat": 4})
    assert document.text.split("\n\n") == [
        "Yield", "It is 81 percent.", "x = 1\nprint(x)", "One", "a: 1 | b: 2", "KeyError: 'y'",
    ]  # fmt: skip
    assert document.title == "Yield"
    assert [(item.what, item.count) for item in document.dropped] == [("pictures", 1)]


def test_an_old_notebook_under_another_name() -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": "Start"},
        {"cell_type": "code", "input": "1+1", "outputs": [{"output_type": "pyout", "text": ["2"]}]},
    ]
    assert read({"worksheets": [{"cells": cells}], "nbformat": 3}, "a.json").text == "Start\n\n1+1\n\n2"


@pytest.mark.parametrize("notebook", [{}, [], {"cells": []}, {"cells": "x"}])
def test_without_cells_it_is_corrupt(notebook: object) -> None:
    with pytest.raises(CorruptFileError):
        read(notebook)
