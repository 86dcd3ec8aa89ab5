"""The parser child: reused, killed at its limits, replaced after a crash, confined, and gone when it should be."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestion import parser_process
from ingestion.config import ParsingLimits
from ingestion.coverage import with_coverage
from ingestion.errors import CorruptFileError, EmptyDocumentError, LimitExceededError
from ingestion.parser_process import ParserProcess
from ingestion.parsers import parse_source
from ingestion.types import Source
from tests.ingestion.hostile import zipped
from tests.ingestion.samples import DATA, sample

NOTE = Source(name="note.txt", data="数据引擎保存数据。".encode())
LIMITS = ParsingLimits(wall_s=20, cpu_s=15)


@pytest.fixture
def parser() -> Iterator[ParserProcess]:
    with ParserProcess() as process:
        yield process


def with_child_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Make the child run `code` where it would parse a file called `trap.txt`."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, ingestion.parsers as parsers\n"
        "real = parsers.parse_source\n"
        "def parse_source(source, limits, keep=None):\n"
        "    if source.name == 'trap.txt':\n"
        "        import ctypes, os, signal, socket, subprocess, time\n"
        f"        {code}\n"
        "    return real(source, limits, keep)\n"
        "parsers.parse_source = parse_source\n",
        encoding="utf-8",
    )
    real = parser_process.subprocess.Popen

    def popen(command: list[str], env: dict[str, str], **options: object) -> object:
        return real(
            command, env={**env, "PYTHONPATH": f"{tmp_path}{os.pathsep}{env['PYTHONPATH']}"}, **options
        )

    monkeypatch.setattr(parser_process.subprocess, "Popen", popen)


TRAP = Source(name="trap.txt", data=b"text")


@pytest.mark.parametrize("name", ["two_columns.pdf", "paper.docx", "blog.html", "io_processing_zh.md"])
def test_the_child_gives_what_parsing_and_counting_here_give(parser: ParserProcess, name: str) -> None:
    here = with_coverage(sample(name), parse_source(sample(name), LIMITS), LIMITS)
    assert here.coverage is not None
    assert parser.parse(sample(name), LIMITS) == here


def test_one_child_serves_many_files_and_errors(parser: ParserProcess) -> None:
    parser.parse(NOTE, LIMITS)
    first = parser.pid
    with pytest.raises(EmptyDocumentError):
        parser.parse(Source(name="a.txt", data=b" "), LIMITS)
    with pytest.raises(CorruptFileError):
        parser.parse(Source(name="a.pdf", data=sample("two_columns.pdf").data[:5000]), LIMITS)
    assert parser.parse(NOTE, LIMITS).text == "数据引擎保存数据。"
    assert parser.pid == first


@pytest.mark.parametrize(
    ("code", "limits", "words"),
    [
        ("time.sleep(60)", ParsingLimits(wall_s=1.0), "1 seconds"),
        ("exec('while True: pass')", ParsingLimits(wall_s=120, cpu_s=1), "processor seconds"),
        ("bytearray(900 << 20)", ParsingLimits(wall_s=120, memory_bytes=512 << 20), "MiB"),
        (
            "x = [bytes(1 << 20) for _ in range(4000)]",
            ParsingLimits(wall_s=120, memory_bytes=512 << 20),
            "MiB",
        ),
    ],
)
def test_what_takes_too_much_ends_and_the_next_file_is_read(
    parser: ParserProcess,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    code: str,
    limits: ParsingLimits,
    words: str,
) -> None:
    with_child_code(monkeypatch, tmp_path, code)
    with pytest.raises(LimitExceededError, match=words):
        parser.parse(TRAP, limits)
    assert parser.parse(NOTE, LIMITS).text == "数据引擎保存数据。"


@pytest.mark.parametrize(
    "code",
    [
        "ctypes.string_at(1)",
        "os.abort()",
        "os._exit(3)",
        "os.write(1, b'noise'); os.kill(os.getpid(), signal.SIGSEGV)",
        "raise ValueError('broken')",
        "exec('def f(): f()\\nf()')",
    ],
)
def test_a_crash_is_a_damaged_file_and_the_next_file_is_read(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    with_child_code(monkeypatch, tmp_path, code)
    with pytest.raises(CorruptFileError, match="damaged"):
        parser.parse(TRAP, LIMITS)
    assert parser.parse(NOTE, LIMITS).text == "数据引擎保存数据。"


def test_a_file_that_could_not_be_kept_is_the_owners_trouble_not_the_documents(parser: ParserProcess) -> None:
    def full_disk(_name: str, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    with pytest.raises(OSError, match="no space left"):
        parser.parse(Source(name="a.zip", data=zipped({"a.txt": b"one"})), LIMITS, full_disk)
    assert parser.parse(NOTE, LIMITS).text == "数据引擎保存数据。"


def test_memory_of_the_owner_is_not_held_against_a_crashed_child(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Linux reports the owner's peak at the fork as the child's own."""
    owned = b"x" * (LIMITS.memory_bytes * 7 // 10)
    assert owned
    with_child_code(monkeypatch, tmp_path, "os.abort()")
    with pytest.raises(CorruptFileError, match="damaged"):
        parser.parse(TRAP, LIMITS)


@pytest.mark.parametrize(
    "code",
    [
        "open('/etc/passwd').read()",
        "open('made', 'w')",
        "socket.create_connection(('127.0.0.1', 9))",
        "subprocess.run(['true'])",
        "os.system('true')",
    ],
)
def test_the_child_may_not_reach_out(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    with_child_code(monkeypatch, tmp_path, code)
    with pytest.raises(CorruptFileError, match="PermissionError"):
        parser.parse(TRAP, LIMITS)


def test_what_the_child_prints_does_not_disturb_it(
    parser: ParserProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_child_code(monkeypatch, tmp_path, "print('noise' * 1000); sys.stdout.flush(); os.write(1, b'more')")
    assert parser.parse(TRAP, LIMITS).text == "text"


def test_the_child_sees_no_environment(parser: ParserProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FATHOM_SECRET_KEY", "x")
    parser.parse(NOTE, LIMITS)
    assert b"FATHOM_SECRET_KEY" not in Path(f"/proc/{parser.pid}/environ").read_bytes()


def test_a_child_killed_between_files_is_replaced(parser: ParserProcess) -> None:
    parser.parse(NOTE, LIMITS)
    assert parser.pid is not None
    os.kill(parser.pid, signal.SIGKILL)
    time.sleep(0.2)
    assert parser.parse(NOTE, LIMITS).text == "数据引擎保存数据。"


def test_threads_share_a_child_without_mixing_answers(parser: ParserProcess) -> None:
    texts: dict[int, str] = {}

    def work(number: int) -> None:
        source = Source(name="a.txt", data=f"text of thread {number}".encode() * 50)
        texts[number] = parser.parse(source, LIMITS).text

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(texts[number].startswith(f"text of thread {number}") for number in range(8))


def test_closing_ends_the_child_and_removes_its_folder() -> None:
    parser = ParserProcess()
    parser.parse(NOTE, LIMITS)
    pid = parser.pid
    folder = Path(f"/proc/{pid}/cwd").readlink()
    assert not list(folder.iterdir())
    parser.close()
    assert not folder.exists()
    assert not Path(f"/proc/{pid}").exists()
    parser.close()


def test_many_starts_leave_no_descriptor_and_no_thread_behind() -> None:
    def open_descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    with ParserProcess() as parser:
        parser.parse(NOTE, LIMITS)
    before, threads = open_descriptors(), threading.active_count()
    for _ in range(3):
        with ParserProcess() as parser:
            parser.parse(NOTE, LIMITS)
    assert open_descriptors() <= before
    assert threading.active_count() == threads


def test_the_child_ends_with_its_owner() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from ingestion.parser_process import ParserProcess\n"
        "from ingestion.types import Source\nfrom ingestion.config import ParsingLimits\n"
        "import os, signal\np = ParserProcess()\n"
        "p.parse(Source(name='a.txt', data=b'x'), ParsingLimits())\n"
        "print(p.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(DATA.parents[1])], capture_output=True, text=True, check=False
    )
    pid = int(done.stdout)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{pid}").exists()


def test_the_child_loads_neither_torch_nor_the_web() -> None:
    code = "import sys, ingestion.parser_child; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=DATA.parents[1]
    )
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint(
        {"torch", "transformers", "streamlit", "fastapi", "sqlalchemy", "tokenizers", "tiktoken"}
    )
