"""Folders that are Git repositories: the files that Git tracks or would track.

Git itself is asked, since only it knows all that leaves a file out: nested `.gitignore` files, `.git/info/exclude`, the
user's own. Settings of the repository that would start programs are off.
"""

import shutil
import subprocess
from pathlib import Path

TIMEOUT_S = 60.0
HARMLESS = ("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false", "-c", "core.hooksPath=/dev/null")


def tracked_files(folder: Path) -> list[Path] | None:
    """Files of a repository's work tree that are tracked or not ignored, in a fixed order.

    Returns:
        None where the folder is not the root of a work tree, or Git is not here or refuses to look.
    """
    git = shutil.which("git")
    if git is None or not (folder / ".git").exists():
        return None
    command = [
        git,
        *HARMLESS,
        "-C",
        str(folder),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    try:
        listed = subprocess.run(command, capture_output=True, check=True, timeout=TIMEOUT_S)  # noqa: S603  # our words, and a path behind -C
    except (subprocess.SubprocessError, OSError):
        return None
    names = {name for name in listed.stdout.decode(errors="surrogateescape").split("\0") if name}
    return [file for name in sorted(names) if (file := folder / name).is_file()]
