"""Decision 0074: the documents of the labelled questions, written out of clones of their repositories.

    python -m benchmarks.labelled_documents CLONES OUT

CLONES holds the repositories under their own names, as `git clone` leaves them. OUT gets a folder for each collection.
Files are read at the commit that `benchmarks/questions/labelled/collections.json` names, else at HEAD.
"""

import argparse
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

GIT = shutil.which("git") or "git"
COLLECTIONS = Path(__file__).parent / "questions" / "labelled" / "collections.json"


def write_collection(collection: Mapping[str, Any], clones: Path, out: Path) -> int:
    """Write the documents of a collection, and return how many there are.

    Raises:
        FileNotFoundError: There is no clone of its repository.
        subprocess.CalledProcessError: The clone lacks the commit, or a file in it.
    """
    clone = clones / collection["repository"].rsplit("/", 1)[1]
    if not clone.is_dir():
        raise FileNotFoundError(f"{clone} is missing: git clone {collection['repository']}")
    out.mkdir(parents=True, exist_ok=True)
    for name, path in collection["documents"].items():
        place = f"{collection['commit'] or 'HEAD'}:{path}"
        shown = subprocess.run([GIT, "-C", clone, "show", place], check=True, capture_output=True)
        (out / name).write_bytes(shown.stdout)
    return len(collection["documents"])


def main() -> None:
    """Read the command line, then write all collections whose repository is there."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("clones", type=Path)
    options.add_argument("out", type=Path)
    given = options.parse_args()
    for name, collection in json.loads(COLLECTIONS.read_text(encoding="utf-8")).items():
        try:
            print(f"{name}: {write_collection(collection, given.clones, given.out / name)} documents")
        except FileNotFoundError as error:
            print(f"{name}: {error}")


if __name__ == "__main__":
    main()
