"""Reading the settings once, and a sentence for each that can't be used."""

import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from app.settings.schema import (
    CONFIG_VARIABLE,
    KEY_VARIABLE,
    PAGES_VARIABLE,
    PREFIX,
    Settings,
    settings_file,
    variables,
)

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


class SettingsError(Exception):
    """The configuration can't be used; the message names the key and the next step."""


def load_settings(**overrides: object) -> Settings:
    """Read and check the configuration.

    Args:
        **overrides: Values that go before environment and file; None means not given.

    Raises:
        SettingsError: A key is unknown, a value can't be used, or the file can't be read.
    """
    named = os.environ.get(CONFIG_VARIABLE)
    if named and not Path(named).is_file():
        raise SettingsError(f"{CONFIG_VARIABLE} names {named}, which is not a file; correct or unset it")
    known = [name for name, _ in variables()]
    for variable in os.environ:
        name = variable.upper()
        if name.startswith(PREFIX) and name not in {CONFIG_VARIABLE, KEY_VARIABLE, PAGES_VARIABLE, *known}:
            raise SettingsError(_unknown_setting(variable, variable, known))
    given: dict[str, Any] = {key: value for key, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        lines = (_unusable_setting(entry, PREFIX, known) for entry in error.errors())
        raise SettingsError("; ".join(lines)) from error
    except (ValueError, OSError) as error:  # not TOML, not UTF-8, or not readable
        raise SettingsError(f"{settings_file()} can't be read: {error}; correct or restore it") from error


def _unknown_setting(name: str, variable: str, known: Sequence[str]) -> str:
    """A line of text about an unknown setting.

    Args:
        name: As it stands where it was found.
        variable: As an environment variable.
        known: All variables that there are.
    """
    near = difflib.get_close_matches(variable.upper(), known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"unknown setting {name}: {meant}`fathom doctor` lists the known ones"


def _unusable_setting(error: "ErrorDetails", prefix: str, known: Sequence[str]) -> str:
    """A line of text for a validation error of pydantic; variables begin with `prefix`."""
    place = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return _unknown_setting(place, prefix + place.replace(".", "__"), known)
    return f"{place or 'settings'}: {error['msg']}"
