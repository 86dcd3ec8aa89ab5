"""Changes to the settings file, for commands that are asked to make them: comments and all else in it stay."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from app.settings.reading import SettingsError


def write_settings(path: Path, group: str, values: Mapping[str, float]) -> None:
    """Set keys of a group, such as `[retrieval]`, in a TOML file, which is made where it is missing.

    The file is replaced whole: it is never seen half written.

    Args:
        path: The settings file.
        group: Name of the table.
        values: New values by key.

    Raises:
        SettingsError: The file can't be read or written, is not TOML, or has something else under that name.
    """
    path = path.resolve()  # a link stays a link
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
        table = document.setdefault(group, tomlkit.table())
        if not isinstance(table, dict):
            raise SettingsError(f"{path}: {group} is not a table; correct it first")
        table.update(values)
        _replace(path, tomlkit.dumps(document))
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise SettingsError(f"{path} can't be changed: {error}") from error


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.new")
    try:
        if path.exists():
            beside.touch(mode=0o600)  # it may hold secrets
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # before the rename, or a power cut may leave an empty file
        if path.exists():
            shutil.copymode(path, beside)
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the new name too
        finally:
            os.close(folder)
    finally:
        beside.unlink(missing_ok=True)
