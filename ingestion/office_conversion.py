"""RTF, OpenDocument and the old formats of Office, turned by LibreOffice into formats that are read here.

LibreOffice is no dependency: where it is not installed these files are refused, and the refusal says so. It runs in a
process of its own under limits on processor time, memory, file size and wall time, with an empty profile that runs no
macros, follows no links and knows no network. `python -m ingestion.office_conversion` sets the limits and becomes it.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ingestion import sniff
from ingestion.config import ParsingLimits
from ingestion.errors import ConverterMissingError, CorruptFileError, LimitExceededError
from ingestion.types import Source

TARGETS: Final = {
    sniff.RTF: "docx",
    sniff.ODT: "docx",
    sniff.DOC: "docx",
    sniff.ODP: "pptx",
    sniff.PPT: "pptx",
}
_SUFFIXES: Final = {
    sniff.RTF: "rtf", sniff.ODT: "odt", sniff.DOC: "doc", sniff.ODP: "odp",
    sniff.PPT: "ppt",
}  # fmt: skip
_MIN_MEMORY_BYTES: Final = 4 << 30  # of address space, most of it never used
_SETTINGS: Final = (
    ("/org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("/org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("/org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    # A proxy at which nothing listens: what would be fetched all the same is not.
    ("/org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("/org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)


def program() -> str | None:
    """Path of LibreOffice, or None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def converted(source: Source, refusal: ConverterMissingError, limits: ParsingLimits) -> Source:
    """The file in a format that is read here.

    Args:
        source: The file.
        refusal: What the parser said of it.
        limits: What the conversion may cost.

    Raises:
        ConverterMissingError: If LibreOffice is not installed.
        CorruptFileError: If it can't read the file.
        LimitExceededError: If it takes too much.
    """
    found = program()
    if found is None:
        raise refusal
    target = TARGETS[refusal.media_type]
    with tempfile.TemporaryDirectory(prefix="fathom-office-") as name:
        folder = Path(name)
        given = folder / f"document.{_SUFFIXES[refusal.media_type]}"
        given.write_bytes(source.data)
        _write_profile(folder / "profile")
        _run(found, folder, given, target, limits)
        made = folder / "out" / f"document.{target}"
        if not made.is_file():
            raise CorruptFileError(
                f"LibreOffice can't read the file as {_SUFFIXES[refusal.media_type].upper()}."
            )
        return Source(name=made.name, data=made.read_bytes())


def _write_profile(folder: Path) -> None:
    items = "".join(
        f'<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, name, value in _SETTINGS
    )
    (folder / "user").mkdir(parents=True)
    (folder / "user" / "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">'
        f"{items}</oor:items>",
        encoding="utf-8",
    )


def _run(found: str, folder: Path, given: Path, target: str, limits: ParsingLimits) -> None:
    numbers = (limits.cpu_s, max(limits.memory_bytes, _MIN_MEMORY_BYTES), limits.max_unpacked_bytes)
    options = [
        "--headless",
        "--norestore",
        "--nolockcheck",
        "--nologo",
        "--nodefault",
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--convert-to",
        target,
        "--outdir",
        str(folder / "out"),
        str(given),
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "ingestion.office_conversion", *map(str, numbers), found, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        # Nothing of the owner's environment: no keys, no proxies, no home.
        env={"PYTHONPATH": str(Path(__file__).parents[1]), "PATH": os.defpath, "HOME": str(folder)},
        start_new_session=True,
    )
    try:
        process.wait(limits.wall_s)
    except subprocess.TimeoutExpired as error:
        raise LimitExceededError(f"Converting the file takes more than {limits.wall_s:g} seconds.") from error
    finally:
        # What it started itself goes too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.returncode == -signal.SIGXCPU:
        raise LimitExceededError(f"Converting the file takes more than {limits.cpu_s} processor seconds.")


def main(arguments: Sequence[str]) -> None:
    """Set the limits given by three numbers, and become the program that follows them."""
    cpu_s, memory_bytes, file_bytes = map(int, arguments[:3])
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, file_bytes),
    ):
        resource.setrlimit(kind, (value, value))
    # Two seconds between the signal that tells the reason and the one that can't be refused.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 2))
    os.execv(arguments[3], list(arguments[3:]))


if __name__ == "__main__":
    main(sys.argv[1:])
