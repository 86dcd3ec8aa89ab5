"""What importing costs; who may import whom is checked by `make check`."""

import subprocess
import sys
from graphlib import TopologicalSorter

import grimp
import pytest

from tests.project.source_tree import PACKAGES, ROOT, name_of, python_files

HEAVY = (
    "torch", "transformers", "sentence_transformers", "hnswlib", "tantivy", "rjieba", "tokenizers", "tiktoken", "scipy",
)  # fmt: skip


def loaded_by(statement: str, modules: tuple[str, ...]) -> list[str]:
    """Which of the modules a fresh interpreter has loaded after the statement."""
    code = f"import sys\n{statement}\nprint(*(m for m in {modules!r} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    return run.stdout.splitlines()[-1].split()


def test_the_help_loads_no_model_library() -> None:
    shown = (
        "from app.cli import main\nsys.argv = ['fathom', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    assert loaded_by(shown, (*HEAVY, "streamlit")) == []


def test_the_supervisor_loads_no_model_library() -> None:
    assert loaded_by("import app.supervisor", (*HEAVY, "streamlit")) == []


def modules_of(package: str) -> list[str]:
    """Every module below a package, by its full name."""
    files = python_files(package)
    return [name_of(path.with_suffix("")).replace("/", ".").removesuffix(".__init__") for path in files]


def test_the_pages_load_no_part_of_the_engine() -> None:
    pages = f"import {', '.join(modules_of('ui'))}"
    assert loaded_by(pages, (*HEAVY, "app", "ingestion", "retrieval", "generator", "sqlalchemy")) == []


def test_ingestion_loads_no_torch() -> None:
    assert (
        loaded_by("import ingestion.pipeline", ("torch", "sqlalchemy", "fastapi", "app", "retrieval")) == []
    )


def test_embedding_waits_for_no_library_that_trains() -> None:
    assert loaded_by("import retrieval.embedder", ("transformers", "sentence_transformers")) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    order = list(TopologicalSorter(imports).static_order())  # a CycleError names the circle
    assert order.index("ingestion.parsers.office.docx") < order.index("ingestion.parsers")


@pytest.mark.parametrize("library", ["ingestion", "retrieval", "generator"])
def test_importing_a_library_sets_up_no_logging(library: str) -> None:
    everything = f"import {', '.join(modules_of(library))}"
    none = "assert not [name for name in ('', *logging.root.manager.loggerDict) if ours(name)]"
    ours = f"ours = lambda name: name.split('.')[0] in ('', '{library}') and logging.getLogger(name).handlers"
    assert loaded_by(f"import logging\n{everything}\n{ours}\n{none}", ("app",)) == []
