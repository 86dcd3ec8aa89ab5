"""The lock files: complete, in agreement, free of addresses and of what belongs to one machine."""

import re
import tomllib
from importlib.metadata import version

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.project.source_tree import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-ocr.lock")


def pins(name: str) -> dict[str, Version]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return {canonicalize_name(m[1]): Version(m[2]) for m in re.finditer(r"^([\w.-]+)==(\S+)", text, re.M)}


def wanted(*extras: str) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(x for e in extras for x in project["optional-dependencies"][e])]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize(
    ("lock", "extras"), list(zip(LOCKS, [("postgres",), ("postgres", "dev"), ("ocr",)], strict=True))
)
def test_every_dependency_is_pinned_to_a_version_that_it_allows(lock: str, extras: tuple[str, ...]) -> None:
    pinned = pins(lock) | pins("requirements-torch.txt")
    unmet = [
        str(requirement)
        for requirement in wanted(*extras)
        if (found := pinned.get(canonicalize_name(requirement.name))) is None
        or found not in requirement.specifier
    ]
    assert unmet == [], "run `make lock`"


def test_all_locks_agree() -> None:
    run, dev, ocr = map(pins, LOCKS)
    assert {name: (v, dev.get(name)) for name, v in run.items() if dev.get(name) != v} == {}
    assert {name: (v, run[name]) for name, v in ocr.items() if name in run and run[name] != v} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(
        r"https?:|file:|--(extra-)?index-url|--find-links|--trusted-host|(?<![\w.])/\w+/", text
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_torch_and_its_accelerator_parts_stay_out(lock: str) -> None:
    belongs_to_a_machine = [
        name for name in pins(lock) if name == "torch" or name.startswith(("nvidia-", "cuda-", "triton"))
    ]
    assert belongs_to_a_machine == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    entries = re.split(r"^(?=[\w.-]+==)", (ROOT / lock).read_text(encoding="utf-8"), flags=re.M)[1:]
    assert len(entries) == len(pins(lock))
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_tests_run_on_the_locked_versions() -> None:
    differing = {
        name: (str(pin), version(name))
        for name, pin in pins(LOCKS[1]).items()
        if name in {canonicalize_name(r.name) for r in wanted("postgres", "dev")}
        and Version(version(name)) != pin
    }
    assert differing == {}
