"""`fathom doctor`: versions, configuration and checks of this installation."""

import platform
from importlib import metadata
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonFlag, open_runtime, print_json, settings_of

if TYPE_CHECKING:
    from app.composition.runtime import Runtime
    from app.library.readiness import Check
    from app.settings.schema import Settings

UNHEALTHY = 5
DAMAGED = 8
PACKAGES = (
    "torch", "transformers", "sentence-transformers", "hnswlib", "tantivy", "tiktoken", "sqlalchemy", "fastapi",
)  # fmt: skip


def doctor(
    context: typer.Context,
    models: Annotated[bool, typer.Option("--models/--no-models", help="Load the models too.")] = True,
    as_json: JsonFlag = False,
) -> None:
    """Check the installation: settings, database, disk, models.

    Ends with 5 where something does not work, with the code of the fault where the database can't be opened.
    """
    from app.settings.reading import SettingsError

    try:
        checks, status = _checked(context, models=models)
        settings = _settings(settings_of(context))
    except SettingsError as error:
        fault = {"name": "settings", "ok": False, "needed": True, "detail": str(error)}
        checks, status, settings = [fault], UNHEALTHY, _defaults()
    report: dict[str, Any] = {
        "ok": status == 0,
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
    if status:
        raise typer.Exit(status)


def _checked(context: typer.Context, *, models: bool) -> tuple[list[dict[str, Any]], int]:
    """Results of the checks, and the exit code; a database that can't be opened is one of the checks."""
    from dataclasses import asdict

    from app.errors import describe
    from app.library import readiness

    try:
        with open_runtime(context) as runtime:
            found, pages = _checks(runtime, models=models), readiness.damage(runtime.db)
    except Exception as error:
        failure = describe(error)
        if failure.code in {"internal_error", "bad_settings"}:
            raise
        return [asdict(readiness.of_failure(failure))], failure.exit_code
    status = 0 if readiness.is_ready([*found, pages]) else UNHEALTHY if pages.ok else DAMAGED
    return [asdict(check) for check in (*found, pages)], status


def _checks(runtime: "Runtime", *, models: bool) -> "list[Check]":
    from app.library import readiness

    if models:
        runtime.warm_up()
    found = readiness.checks(runtime)
    if models and runtime.settings.generator == "openai":
        found.append(readiness.model_server(runtime.settings))
    if not models:
        unloaded = {name for name, _, _ in runtime.model_states()}
        found = [check for check in found if check.name not in unloaded]
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
    from ingestion.parsers.pdf import ocr

    recogniser = (
        f"rapidocr {metadata.version('rapidocr')}" if ocr.is_available() else "not installed (`make ocr`)"
    )
    office = office_conversion.program() or "not installed (RTF, ODT, ODP, DOC and PPT are refused)"
    return {"text recognition": recogniser, "LibreOffice": office}


def _settings(settings: "Settings") -> dict[str, Any]:
    """All settings by the variable that sets each, secrets masked."""
    from app.settings.schema import variables

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
    """Default settings, shown if the configured ones can't be read."""
    from app.settings.schema import Settings

    return _settings(Settings.model_construct())


def _show(report: dict[str, Any]) -> None:
    for check in report["checks"]:
        state = "ok  " if check["ok"] else "FAIL" if check["needed"] else "note"
        print(f"{state}  {check['name']}: {check['detail']}")
    print()
    machine = report["machine"]
    print(f"Python {machine['python']} on {machine['system']}, {machine['cores']} cores")
    print(", ".join(f"{name} {version}" for name, version in report["versions"].items()))
    for name, state in report["optional"].items():
        print(f"{name}: {state}")
    print()
    for variable, value in report["settings"].items():
        print(f"{variable} = {'' if value is None else value}")
