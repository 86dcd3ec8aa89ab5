"""Tests in several processes: what stays together, and that a test which hangs or kills its process is told."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.source_tree import ROOT
from tests.scheduling import scope_of

SUITE = """
import os, subprocess, sys, time
import pytest

def test_before(): pass

@pytest.mark.timeout(1)
def test_sleeps(): time.sleep(600)

@pytest.mark.timeout(1)
def test_waits_for_a_child_that_stays():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        child.wait()

def test_between(): pass

def test_ends_its_process(): os._exit(3)

def test_after(): pass
"""


@pytest.mark.parametrize(
    ("test", "scope"),
    [
        ("tests/app/test_jobs.py::test_a[x::y]", "tests/app/test_jobs.py"),
        ("tests/crash/test_deletion.py::test_a", "tests/crash/test_deletion.py::test_a"),
        (
            "tests/faults/test_every_step.py::test_a[archive]",
            "tests/faults/test_every_step.py::test_a[archive]",
        ),
        ("tests/browser/test_pages.py::test_a", "tests/browser/test_pages.py"),
        ("tests/browser/test_product.py::test_a", "tests/browser/test_product"),
        ("tests/browser/test_product_bad_input.py::test_a", "tests/browser/test_product"),
    ],
)
def test_tests_that_share_fixtures_stay_together(test: str, scope: str) -> None:
    assert scope_of(test) == scope


def test_a_test_that_hangs_or_ends_its_process_fails_once_and_the_others_run(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\ntimeout_method = signal\n")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    options = re.search(r"^PARALLEL := ((?:.*\\\n)*.*)", makefile, re.M)
    assert options is not None
    parallel = (
        options[1].replace("\\\n", " ").replace("$(WORKERS)", "2").replace("timeout=1200", "timeout=10")
    )
    plugins = ["-p", "xdist", "-p", "timeout", "-p", "tests.scheduling", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *parallel.split(), str(tmp_path)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=280,
    )
    failed = re.findall(r"^FAILED test_suite.py::(\w+)", run.stdout, re.M)
    assert sorted(failed) == ["test_ends_its_process", "test_sleeps", "test_waits_for_a_child_that_stays"], (
        run.stdout
    )
    assert re.search(r"\b3 failed, 4 passed\b", run.stdout), run.stdout
    assert "Timeout (>1.0s)" in run.stdout
