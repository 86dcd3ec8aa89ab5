"""README and docs say what is there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.source_tree import ROOT, name_of

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What git keeps at the root but needs no line in the README's tree.
UNLISTED = {"README.md", "LICENSE", "CHANGELOG.md", "alembic.ini"}


def tree_entries() -> list[str]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"## What is where\n\n```\n(.*?)```", readme, flags=re.S)
    assert block is not None
    names = [re.split(r"\s{2,}", line)[0] for line in block[1].splitlines()]
    return [name.rstrip("/") for line in names for name in line.split(", ")]


def tracked_at_root() -> set[str]:
    listed = subprocess.run(
        ["git", "-c", "core.quotepath=off", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {line.split("/")[0] for line in listed.stdout.splitlines()}


def test_every_entry_of_the_tree_exists() -> None:
    assert [entry for entry in tree_entries() if not (ROOT / entry).exists()] == []


def test_everything_at_the_root_is_in_the_tree() -> None:
    visible = {name for name in tracked_at_root() if not name.startswith(".")}
    assert visible - set(tree_entries()) - UNLISTED == set()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    links = [
        link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"https?:|mailto:|#", link)
    ]
    assert [link for link in links if not (page.parent / link.split("#")[0]).exists()] == []


def test_every_file_that_the_architecture_names_is_there() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w-]+/[\w./-]*)`", page)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_generated_pages_are_fresh() -> None:
    command = [sys.executable, "docs/generate.py", "--check"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_make_targets_in_the_docs_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(encoding="utf-8"), flags=re.M))
    assert named <= targets


def test_decisions_are_numbered_without_doubles_and_have_every_part() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    numbers = [page.name.split("-")[0] for page in pages]
    assert len(set(numbers)) == len(numbers)
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} "), page.name
        assert all(part in text for part in ("Status:", "## Context", "## Decision", "## Consequences")), (
            page.name
        )


def test_the_readme_asks_a_real_route() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    curl = re.search(r"curl -s http://127\.0\.0\.1:8000(/\S+)", readme)
    assert curl is not None
    assert f"POST {curl[1]}" in (ROOT / "docs" / "rest.md").read_text(encoding="utf-8")
