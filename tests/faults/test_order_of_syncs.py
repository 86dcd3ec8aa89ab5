"""What a power cut may take: bytes that are not synced when a rename or a reply makes them count.

The file calls of a whole scenario are written down, and looked through: a file that is renamed has its bytes on the
disk before, and what was acknowledged is on the disk, its name included.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.shim import Mode, Shim, compiler, preloaded
from tests.faults.trials import ROOT

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="file calls are met by LD_PRELOAD"),
    pytest.mark.skipif(compiler() is None, reason="no C compiler was found"),
]

SCENARIOS = ("ingestion", "archive", "reembedding", "snapshot", "settings")
CACHES = ("/indexes/", "-shm")
"""The lexical index is checked when it is opened and made again; SQLite makes its shared memory again."""
ACKNOWLEDGED = "acknowledged"


def unsafe(calls: list[list[str]]) -> list[str]:
    """Renames before the bytes were synced; and bytes or names that a reply promised before they were."""
    dirty: set[str] = set()
    names: set[str] = set()
    found = []
    for what, *paths in calls:
        if what == ACKNOWLEDGED:
            found += [f"acknowledged, and {path} is not synced" for path in sorted(dirty)]
            found += [f"acknowledged, and the name of {path} is not synced" for path in sorted(names)]
            continue
        if any(part in path for part in CACHES for path in paths):
            continue
        if what in {"write", "writev", "truncate"}:
            dirty.add(paths[0])
        elif what == "sync":
            dirty.discard(paths[0])
            names = {name for name in names if name.rpartition("/")[0] != paths[0]}
        elif what == "remove":
            dirty.discard(paths[0])
            names.discard(paths[0])
        elif what == "rename":
            if paths[0] in dirty:
                found.append(f"{paths[0]} is renamed to {paths[1]} before it is synced")
                dirty.discard(paths[0])
            names.add(paths[1])
    return found


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_bytes_are_on_the_disk_before_a_name_or_a_reply_counts_on_them(
    scenario: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    command = [sys.executable, "-m", "tests.faults.test_order_of_syncs", scenario, str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=preloaded(tmp_path), check=True, timeout=250)
    calls = json.loads((tmp_path / "calls.json").read_text(encoding="utf-8"))
    changes = sum(what in {"rename", "write"} for what, *_ in calls)
    found = unsafe(calls)
    record_property("violations", len(found))
    record_property("figures", f"order of {len(calls)} calls")
    assert changes
    assert any(what == "sync" for what, *_ in calls)
    assert found == []


@pytest.mark.parametrize(
    ("calls", "count"),
    [
        ([["write", "/a.tmp"], ["sync", "/a.tmp"], ["rename", "/a.tmp", "/a"], ["sync", ""]], 0),
        ([["write", "/a.tmp"], ["rename", "/a.tmp", "/a"], ["sync", ""]], 1),
        ([["sync", "/a.tmp"], ["write", "/a.tmp"], ["rename", "/a.tmp", "/a"]], 1),
        ([["write", "/a.tmp"], ["sync", "/a.tmp"], ["rename", "/a.tmp", "/a"], [ACKNOWLEDGED]], 1),
        ([["write", "/fathom.db-wal"], [ACKNOWLEDGED]], 1),
        ([["write", "/fathom.db-wal"], ["sync", "/fathom.db-wal"], [ACKNOWLEDGED]], 0),
    ],
)
def test_calls_in_a_wrong_order_are_found(calls: list[list[str]], count: int) -> None:
    assert len(unsafe(calls)) == count


def _main(name: str, folder: Path) -> None:
    from tests.faults.scenarios import SCENARIOS

    scenario, shim, home, log = SCENARIOS[name](), Shim(), folder / "home", folder / "log"
    scenario.base(home)
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    shim.arm(Mode.COUNT, 0, home, log=descriptor)
    scenario.act(home, lambda line: os.write(descriptor, f"{line}\n".encode()))
    shim.disarm()
    lines = log.read_text(encoding="utf-8").splitlines()
    calls = [[part.removeprefix(str(home)) for part in line.split("\t")] for line in lines]
    (folder / "calls.json").write_text(json.dumps(calls), encoding="utf-8")
    os._exit(0)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))
