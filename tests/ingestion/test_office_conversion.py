"""RTF, OpenDocument and old Office files: refused clearly without LibreOffice, converted under limits with it."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ingestion import office_conversion, sniff
from ingestion.config import ParsingLimits
from ingestion.errors import ConverterMissingError, CorruptFileError, LimitExceededError
from ingestion.pipeline import parse
from ingestion.types import Source
from tests.ingestion.hostile import docx, paragraph, zipped

RTF = Source(name="a.rtf", data=b"{\\rtf1\\ansi Hello \\u20013? world.\\par}")
LIMITS = ParsingLimits(wall_s=60, cpu_s=20)
has_office = office_conversion.program() is not None


def opendocument(kind: str, body: str) -> bytes:
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"'
        for name, urn in {
            "office": "office", "text": "text", "draw": "drawing", "svg": "svg-compatible", "table": "table",
        }.items()
    )  # fmt: skip
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entries = "".join(
        f'<m:file-entry m:full-path="{path}" m:media-type="{what}"/>'
        for path, what in (("/", media_type), ("content.xml", "text/xml"))
    )
    content = (
        f'<office:document-content {spaces} xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">'
        f"<office:body>{body}</office:body></office:document-content>"
    )
    return zipped(
        {
            "mimetype": media_type.encode(),
            "META-INF/manifest.xml": f'<m:manifest xmlns:m="{manifest}">{entries}</m:manifest>'.encode(),
            "content.xml": content.encode(),
        }
    )


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Puts a program in the place of LibreOffice; its code sees `given`, `out` and `target`."""

    def install(code: str) -> Path:
        script = tmp_path / "soffice"
        script.write_text(
            f"#!{sys.executable}\nimport os, sys, time\nfrom pathlib import Path\n"
            "out = Path(sys.argv[sys.argv.index('--outdir') + 1]); given = Path(sys.argv[-1])\n"
            "target = sys.argv[sys.argv.index('--convert-to') + 1]\n"
            f"out.mkdir()\n{code}\n",
            encoding="utf-8",
        )
        script.chmod(0o755)
        monkeypatch.setattr(office_conversion, "program", lambda: str(script))
        return script

    return install


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + stream.encode("utf-16-le") + bytes(500)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (RTF.data, sniff.RTF),
        (opendocument("text", ""), sniff.ODT),
        (opendocument("presentation", ""), sniff.ODP),
        (ole("WordDocument"), sniff.DOC),
        (ole("PowerPoint Document"), sniff.PPT),
    ],
)
def test_without_libreoffice_each_format_is_refused_by_name(
    data: bytes, media_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office_conversion, "program", lambda: None)
    with pytest.raises(ConverterMissingError, match="LibreOffice") as caught:
        parse(Source(name="a", data=data), LIMITS)
    assert caught.value.media_type == media_type
    assert "Install LibreOffice" in caught.value.hint


def test_what_it_makes_is_read_and_keeps_the_type_of_the_original(
    office: Callable[[str], Path], tmp_path: Path
) -> None:
    (tmp_path / "made.docx").write_bytes(docx(paragraph("converted words")))
    office(
        f"assert given.read_bytes().startswith(b'{{'); assert given.suffix == '.rtf'\n"
        f"(out / ('document.' + target)).write_bytes(Path({str(tmp_path / 'made.docx')!r}).read_bytes())"
    )
    document = parse(RTF, LIMITS)
    assert (document.text, document.media_type) == ("converted words", "application/rtf")


@pytest.mark.parametrize("code", ["", "sys.exit(3)", "os.abort()", "bytearray(6 << 30)"])
def test_a_conversion_that_makes_nothing_is_a_damaged_file(office: Callable[[str], Path], code: str) -> None:
    office(code)
    with pytest.raises(CorruptFileError, match="RTF"):
        parse(RTF, LIMITS)


def test_one_that_takes_too_long_is_killed_with_what_it_started(
    office: Callable[[str], Path], tmp_path: Path
) -> None:
    note = tmp_path / "pids"
    office(
        "import subprocess\nchild = subprocess.Popen(['sleep', '60'])\n"
        f"Path({str(note)!r}).write_text(f'{{os.getpid()}} {{child.pid}}')\ntime.sleep(60)"
    )
    with pytest.raises(LimitExceededError, match="seconds"):
        parse(RTF, ParsingLimits(wall_s=10))  # a start of Python on a busy machine takes seconds
    deadline = time.monotonic() + 10
    for pid in note.read_text(encoding="utf-8").split():
        while alive(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not alive(pid)


def alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_processor_time_is_limited_and_the_environment_is_empty(
    office: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FATHOM_SECRET", "x")
    note = tmp_path / "environment"
    office(f"Path({str(note)!r}).write_text(repr(dict(os.environ)))\nwhile True: pass")
    with pytest.raises(LimitExceededError, match="processor"):
        parse(RTF, ParsingLimits(wall_s=60, cpu_s=1))
    assert "FATHOM_SECRET" not in note.read_text(encoding="utf-8")


def test_nothing_is_left_on_the_disk(office: Callable[[str], Path], tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(office_conversion.tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    office("sys.exit(1)")
    with pytest.raises(CorruptFileError):
        parse(RTF, LIMITS)
    assert [path.name for path in (tmp_path / "temporary").iterdir()] == []


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """Address of a server that must not be asked, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            asked.append(self.client_address[0])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.slow
@pytest.mark.skipif(not has_office, reason="LibreOffice is not installed")
def test_the_real_program_converts() -> None:
    assert parse(RTF, ParsingLimits()).text == "Hello 中 world."


@pytest.mark.slow
@pytest.mark.skipif(not has_office, reason="LibreOffice is not installed")
def test_the_real_program_follows_no_link(trap: tuple[str, list[str]], tmp_path: Path) -> None:
    address, asked = trap
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret of this machine", encoding="utf-8")
    body = (
        '<office:text><text:p>Visible<draw:frame svg:width="1cm" svg:height="1cm">'
        f'<draw:image xlink:href="{address}/a.png" xlink:actuate="onLoad"/></draw:frame></text:p>'
        f'<text:section text:name="S"><text:section-source xlink:href="{secret.as_uri()}"/><text:p>old</text:p>'
        "</text:section></office:text>"
    )
    text = parse(Source(name="a.odt", data=opendocument("text", body)), ParsingLimits()).text
    assert text == "Visible\n\nold"
    assert asked == []
