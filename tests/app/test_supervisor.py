"""`fathom run` with small stand-ins for the three processes: what it says, when it stops, its status."""

import asyncio
import json
import os
import signal
import socket
import sys
import textwrap
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

import ui
from app import supervisor
from app.child_process import ServiceSpec
from app.settings.groups import MIB, LimitSettings
from app.settings.schema import Settings
from app.supervisor import SupervisorError, example_curl, resolve_ports, service_specs, supervise

SERVER = textwrap.dedent(
    """
    import http.server, sys
    class Ready(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
        def log_message(self, *args): pass
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
    """
)


def stand_in(spec: ServiceSpec, code: str, *args: object) -> ServiceSpec:
    return replace(spec, argv=(sys.executable, "-c", code, *map(str, args)), env=dict(os.environ))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return resolve_ports(Settings(home=tmp_path / "home", port=0, ui_port=0))


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> dict[str, ServiceSpec]:
    api, worker, ui = service_specs(settings)
    specs = {
        "api": stand_in(api, SERVER, settings.port),
        "worker": stand_in(worker, "import time; time.sleep(60)"),
        "ui": stand_in(ui, SERVER, settings.ui_port),
    }
    monkeypatch.setattr(supervisor, "service_specs", lambda _: tuple(specs.values()))
    return specs


async def _run(settings: Settings, said: list[str], signal_after: str | None) -> int:
    def say(line: str) -> None:
        said.append(line)
        if signal_after is not None and signal_after in line:
            os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(60):
        return await supervise(settings, with_samples=False, say=say, move=say, log=say)


@pytest.mark.processes
def test_it_says_when_it_is_ready_and_stops_cleanly_on_a_signal(
    settings: Settings, stand_ins: dict[str, ServiceSpec]
) -> None:
    said: list[str] = []
    assert asyncio.run(_run(settings, said, "Try ")) == 0
    text = "\n".join(said)
    assert "Fathom is ready after" in text
    assert f"http://127.0.0.1:{settings.ui_port}" in text
    assert f"http://127.0.0.1:{settings.port}" in text
    assert example_curl(settings) in text
    assert said[-1] == "Stopped."
    resolve_ports(settings)  # both ports are free again


@pytest.mark.processes
def test_the_end_of_the_api_ends_everything_with_a_failure(
    settings: Settings, stand_ins: dict[str, ServiceSpec]
) -> None:
    stand_ins["api"] = stand_in(stand_ins["api"], "import sys; sys.exit('no such model')")
    said: list[str] = []
    assert asyncio.run(_run(settings, said, None)) == 1
    assert "   api | no such model" in said
    assert any("The API ended with status 1" in line for line in said)


@pytest.mark.processes
def test_an_api_that_does_not_get_ready_is_told_with_its_reasons(
    settings: Settings, stand_ins: dict[str, ServiceSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE_S", 0.1)
    checks = [
        {"name": "disk", "ok": True, "detail": ""},
        {"name": "generator", "ok": False, "detail": "no weights"},
    ]
    code = SERVER.replace("200", "503").replace('b"{}"', repr(json.dumps({"checks": checks}).encode()))
    stand_ins["api"] = stand_in(stand_ins["api"], code, settings.port)
    said: list[str] = []
    assert asyncio.run(_run(settings, said, "no weights")) == 0
    assert "Still waiting for the API: generator: no weights" in said


@pytest.mark.processes
def test_a_dead_worker_is_started_again(settings: Settings, stand_ins: dict[str, ServiceSpec]) -> None:
    stand_ins["worker"] = stand_in(stand_ins["worker"], "import sys; sys.exit(9)")
    said: list[str] = []
    assert asyncio.run(_run(settings, said, "starting it again in 2 s")) == 0
    assert "worker ended with status 9; starting it again in 1 s" in said


@pytest.mark.processes
def test_the_worker_waits_for_the_api(settings: Settings, stand_ins: dict[str, ServiceSpec]) -> None:
    look = (
        f"import socket; print('API', socket.socket().connect_ex(('127.0.0.1', {settings.port})), flush=True)"
    )
    stand_ins["worker"] = stand_in(stand_ins["worker"], look)
    stand_ins["api"] = stand_in(stand_ins["api"], "import time; time.sleep(1)\n" + SERVER, settings.port)
    said: list[str] = []
    assert asyncio.run(_run(settings, said, "worker | API")) == 0
    assert "worker | API 0" in said


@pytest.mark.processes
def test_a_stop_before_the_api_is_ready_starts_no_worker(
    settings: Settings, stand_ins: dict[str, ServiceSpec]
) -> None:
    stand_ins["worker"] = stand_in(stand_ins["worker"], "print('worker is here', flush=True)")
    stand_ins["api"] = stand_in(
        stand_ins["api"], "import time; print('API waits', flush=True); time.sleep(60)"
    )
    said: list[str] = []
    assert asyncio.run(_run(settings, said, "API waits")) == 0
    assert said[-1] == "Stopped."
    assert not any("worker is here" in line for line in said)


@pytest.mark.processes
def test_the_worker_does_not_wait_for_ever(
    settings: Settings, stand_ins: dict[str, ServiceSpec], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PATIENCE_S", 0.1)
    stand_ins["worker"] = stand_in(stand_ins["worker"], "print('worker is here', flush=True)")
    stand_ins["api"] = stand_in(stand_ins["api"], SERVER.replace("200", "503"), settings.port)
    said: list[str] = []
    assert asyncio.run(_run(settings, said, "worker is here")) == 0


def test_a_taken_port_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SupervisorError) as error:
            resolve_ports(Settings(home=tmp_path, port=port, ui_port=0))
    assert f"port {port}" in str(error.value)
    assert "FATHOM_PORT" in str(error.value)
    assert "\n" not in str(error.value)


def test_port_zero_becomes_a_free_port(settings: Settings) -> None:
    assert settings.port > 0
    assert settings.ui_port > 0
    assert settings.port != settings.ui_port


def test_the_pages_get_the_address_of_the_api_and_no_secrets(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, port=8123, database_url="postgresql+psycopg://u:hunter2@db/fathom")
    *_, ui = service_specs(settings)
    assert ui.env["FATHOM_API_URL"] == "http://127.0.0.1:8123"
    assert not any("hunter2" in value for value in ui.env.values())


def test_the_pages_are_served_by_the_names_of_the_interface(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, host="192.0.2.7", allow_remote=True, allowed_hosts=("fathom.example",))
    *_, ui = service_specs(settings)
    assert json.loads(ui.env["FATHOM_ALLOWED_HOSTS"]) == ["fathom.example", "192.0.2.7"]


def test_a_wildcard_address_is_called_by_loopback(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, host="0.0.0.0", allow_remote=True, port=8123)
    assert "http://127.0.0.1:8123/v1/answers" in example_curl(settings)


@pytest.mark.parametrize(("limit_bytes", "shown_mb"), [(MIB // 2, 1), (100 * MIB, 100), (100 * MIB + 1, 101)])
def test_the_pages_take_files_as_large_as_the_api(tmp_path: Path, limit_bytes: int, shown_mb: int) -> None:
    settings = Settings(home=tmp_path, limits=LimitSettings(max_upload_bytes=limit_bytes))
    *_, pages = service_specs(settings)
    assert f"--server.maxUploadSize={shown_mb}" in pages.argv


def test_pages_that_are_started_alone_have_the_defaults_of_the_api() -> None:
    """With Streamlit's own command only their configuration file speaks."""
    file = Path(ui.__file__).parent / ".streamlit" / "config.toml"
    server = tomllib.loads(file.read_text(encoding="utf-8"))["server"]
    assert server["maxUploadSize"] * MIB == LimitSettings().max_upload_bytes
    assert server["address"] == Settings().host
