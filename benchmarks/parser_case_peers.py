"""Decision 0010: another program's reading of files as Markdown, in the Python that has it installed.

    PYTHON parser_case_peers.py NAME < JSON list of paths > JSON of path to [text, error, seconds]

It imports nothing of Fathom, so that the peers stay out of its environment. PyMuPDF4LLM is under AGPL: it is compared
with, and no part of Fathom.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Callable

# What a peer does not claim to read; docling's models for PDF are a download, and its ODS is an extra.
_NOT_READ = {"docling": (".jsonl", ".ods", ".pdf"), "markitdown": (".ods",), "pymupdf4llm": ()}
_ONLY_READ = {"pymupdf4llm": ".pdf"}


def _markitdown() -> Callable[[str], str]:
    converter = importlib.import_module("markitdown").MarkItDown()
    return lambda path: str(converter.convert(path).markdown)


def _docling() -> Callable[[str], str]:
    converter = importlib.import_module("docling.document_converter").DocumentConverter()
    return lambda path: str(converter.convert(path).document.export_to_markdown())


def _pymupdf4llm() -> Callable[[str], str]:
    library = importlib.import_module("pymupdf4llm")
    return lambda path: str(library.to_markdown(path, show_progress=False))


PEERS: dict[str, Callable[[], Callable[[str], str]]] = {
    "markitdown": _markitdown,
    "docling": _docling,
    "pymupdf4llm": _pymupdf4llm,
}


def main(name: str) -> None:
    """Read the files named on stdin with one peer."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")  # libraries print to stdout
    os.dup2(2, 1)
    read = PEERS[name]()
    found: dict[str, tuple[str, str, float]] = {}
    for path in json.load(sys.stdin):
        start = time.perf_counter()
        text = error = ""
        if path.endswith(_NOT_READ[name]) or not path.endswith(_ONLY_READ.get(name, "")):
            error = "not read by it"
        else:
            try:
                text = read(path)
            except Exception as failure:  # noqa: BLE001 - a peer's failure is a result
                error = f"{type(failure).__name__}: {str(failure)[:200]}"
        found[path] = (text, error, time.perf_counter() - start)
    json.dump(found, replies)


if __name__ == "__main__":
    main(sys.argv[1])
