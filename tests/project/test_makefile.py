"""The Makefile as a newcomer meets it: its help, and one clear line when something is missing."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.project.source_tree import ROOT

PROGRAMS = ("awk", "bash", "cat", "cksum", "make", "sed", "sh", "tr")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value for key, value in os.environ.items() if key not in {"MAKEFLAGS", "MAKELEVEL", "CXX"}
    }
    if path is not None:
        environment["PATH"] = path
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def bare_path(tmp_path: Path) -> str:
    """A PATH with what make needs, and neither a compiler nor Python."""
    for program in PROGRAMS:
        found = shutil.which(program)
        assert found is not None, program
        (tmp_path / program).symlink_to(found)
    return str(tmp_path)


def test_the_help_lists_every_task() -> None:
    shown = make("help").stdout
    listed = set(re.findall(r"^\s*make ([a-z-]+) ", shown, flags=re.M))
    assert {"setup", "run", "test", "check", "format", "bench", "docs", "lock"} <= listed


def test_make_alone_is_the_help() -> None:
    assert make().stdout == make("help").stdout


def test_a_missing_compiler_is_one_clear_line(bare_path: str, tmp_path: Path) -> None:
    run = make("compiler-present", f"BIN={tmp_path}/no-venv", path=bare_path)
    assert run.returncode != 0
    assert run.stdout.count("\n") == 1
    assert "C++ compiler" in run.stdout
    assert "g++" in run.stdout


def test_a_python_that_is_too_old_is_one_clear_line(bare_path: str, tmp_path: Path) -> None:
    run = make("python-present", f"BIN={tmp_path}/no-venv", "PYTHON=false", path=bare_path)
    assert run.returncode != 0
    assert run.stdout.count("\n") == 1
    assert "Python 3.11" in run.stdout


def test_check_runs_format_lint_types_and_layers() -> None:
    planned = make("--dry-run", "check").stdout
    for tool in ("ruff format --check .", "ruff check .", "mypy", "lint-imports"):
        assert f"/{tool}" in planned


def test_the_tests_come_last_in_make_test() -> None:
    checks, _, tests = make("--dry-run", "test").stdout.partition("/lint-imports\n")
    assert "/mypy" in checks
    assert len([line for line in tests.splitlines() if "-m pytest" in line]) == 1


def test_make_bench_lists_every_benchmark_and_refuses_an_unknown_one() -> None:
    listed = set(re.findall(r"^  (\w+) ", make("bench").stdout, flags=re.M))
    assert listed == {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    refused = make("bench", "NAME=nothing", "STAMP=")
    assert (refused.returncode, refused.stdout) == (
        2,
        "There is no benchmark nothing; make bench lists them.\n",
    )
