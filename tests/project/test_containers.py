"""Dockerfile and docker-compose.yml, as far as they can be checked without a container engine."""

import re
import shlex
from typing import Any

import pytest
import yaml

from app.settings.schema import variables
from tests.project.source_tree import ROOT

UI_VARIABLES = {"FATHOM_API_URL", "FATHOM_PUBLIC_API_URL"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def test_the_services_are_those_of_make_run_and_a_database(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"api", "worker", "ui", "postgres"}


def test_every_variable_in_the_stack_is_a_setting(compose: dict[str, Any]) -> None:
    known = {name for name, _ in variables()} | UI_VARIABLES
    for name, service in compose["services"].items():
        used = {variable for variable in service["environment"] if variable.startswith("FATHOM_")}
        assert used <= known, name


def test_ports_are_published_on_this_machine_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(published) == 2
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_database_password_has_no_default(compose: dict[str, Any]) -> None:
    password = compose["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"]
    assert password.startswith("${FATHOM_DB_PASSWORD:?")


def test_api_and_worker_share_settings_and_home(compose: dict[str, Any]) -> None:
    api, worker = compose["services"]["api"], compose["services"]["worker"]
    assert api["environment"] == worker["environment"]
    assert api["volumes"] == worker["volumes"]


def test_every_service_that_is_waited_for_has_a_health_check(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for other in service.get("depends_on", {}):
            assert "healthcheck" in compose["services"][other]


def test_volumes_used_are_declared(compose: dict[str, Any]) -> None:
    used = {volume.split(":")[0] for s in compose["services"].values() for volume in s.get("volumes", [])}
    assert used == set(compose["volumes"])


def test_the_image_copies_only_what_exists(dockerfile: str) -> None:
    for line in re.findall(r"^COPY (?!--from)(.*)$", dockerfile, flags=re.M):
        *sources, _ = shlex.split(line)
        assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_image_does_not_run_as_root(dockerfile: str) -> None:
    last_stage = dockerfile.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER fathom$", last_stage, flags=re.M)


def test_the_image_installs_from_the_lock_with_hashes(dockerfile: str) -> None:
    assert "--require-hashes --requirement requirements.lock" in dockerfile


def test_the_health_check_asks_a_route_that_exists(compose: dict[str, Any]) -> None:
    from app.main import create_app
    from app.settings.schema import Settings

    assert "/readyz" in " ".join(compose["services"]["api"]["healthcheck"]["test"])
    assert "/readyz" in create_app(Settings()).openapi()["paths"]
