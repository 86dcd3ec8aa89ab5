"""Decision 0044: `fathom eval` run for a benchmark, with settings and questions of its own, in a temporary home."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def evaluated(file: Path, *options: str, settings: str = "") -> dict[str, Any]:
    """The report of `fathom eval` on a question file.

    Args:
        file: As `fathom eval` reads it.
        options: Of the command, besides `--json`.
        settings: TOML; empty for the defaults.

    Raises:
        SystemExit: It fails; it has said why.
    """
    with tempfile.TemporaryDirectory(prefix="fathom-bench-") as folder:
        (Path(folder) / "fathom.toml").write_text(settings, encoding="utf-8")
        command = [sys.executable, "-m", "app", "eval", str(file.resolve()), *options, "--json"]
        run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=False)
    if run.returncode:
        raise SystemExit(run.returncode)
    report: dict[str, Any] = json.loads(run.stdout)
    return report
