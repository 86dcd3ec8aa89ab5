"""`fathom doctor`: what this installation is, how it is configured, and whether it works."""

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonFlag, open_runtime, print_json

if TYPE_CHECKING:
    from app.config import Settings
    from app.runtime import Runtime

UNHEALTHY = 5
PACKAGES = (
    "torch", "transformers", "sentence-transformers", "hnswlib", "tantivy", "tiktoken", "sqlalchemy", "fastapi",
)  # fmt: skip


def doctor(
    context: typer.Context,
    models: Annotated[bool, typer.Option("--models/--no-models", help="Load the models too.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """Check the installation: settings, database, disk, models.

    Ends with 5 where something does not work.
    """
    from app.config import SettingsError

    try:
        with open_runtime(context) as runtime:
            checks, settings = _checks(runtime, models=models), _settings(runtime.settings)
    except SettingsError as error:
        checks, settings = [{"name": "settings", "ok": False, "detail": str(error)}], _defaults()
    report: dict[str, Any] = {
        "ok": all(check["ok"] for check in checks),
        "checks": checks,
        "machine": _machine(),
        "versions": _versions(),
        "optional": _optional(),
        "settings": settings,
    }
    if as_json:
        print_json(report)
    else:
        _show(report)
    if not report["ok"]:
        raise typer.Exit(UNHEALTHY)


def _checks(runtime: "Runtime", *, models: bool) -> list[dict[str, Any]]:
    from dataclasses import asdict

    from app.services import readiness

    if models:
        runtime.warm_up()
    found = [asdict(check) for check in readiness.checks(runtime)]
    if models and runtime.settings.generator == "openai":
        found.append(asdict(readiness.model_server(runtime.settings)))
    if not models:
        unloaded = {name for name, _, _ in runtime.model_states()}
        found = [check for check in found if check["name"] not in unloaded]
    return found


def _machine() -> dict[str, Any]:
    import os

    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
    }


def _versions() -> dict[str, str]:
    versions = {"fathom": metadata.version("fathom")}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = "missing"
    return versions


def _optional() -> dict[str, str]:
    """Parts that more formats need, and how each stands."""
    from ingestion import office_conversion
    from ingestion.parsers import ocr

    recogniser = (
        f"rapidocr {metadata.version('rapidocr')}" if ocr.is_available() else "not installed (`make ocr`)"
    )
    office = office_conversion.program() or "not installed (RTF, ODT, ODP, DOC and PPT are refused)"
    return {"text recognition": recogniser, "LibreOffice": office}


def _settings(settings: "Settings") -> dict[str, Any]:
    """All settings by the variable that sets each, secrets masked."""
    from app.config import variables

    dumped = settings.model_dump(mode="json")  # pydantic masks what is a secret
    values: dict[str, Any] = {}
    for variable, path in variables():
        value: Any = dumped
        for key in path:
            value = value[key]
        if not isinstance(value, dict):
            values[variable] = value
    return values


def _defaults() -> dict[str, Any]:
    """What the settings are where nothing is set: shown where those that are set can't be read."""
    from app.config import Settings

    return _settings(Settings.model_construct())


def _show(report: dict[str, Any]) -> None:
    for check in report["checks"]:
        print(f"{'ok  ' if check['ok'] else 'FAIL'}  {check['name']}: {check['detail']}")
    print()
    machine = report["machine"]
    print(f"Python {machine['python']} on {machine['system']}, {machine['cores']} cores")
    print(", ".join(f"{name} {version}" for name, version in report["versions"].items()))
    for name, state in report["optional"].items():
        print(f"{name}: {state}")
    print()
    for variable, value in report["settings"].items():
        print(f"{variable} = {'' if value is None else value}")
