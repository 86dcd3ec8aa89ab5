"""The environment of this process and its children: settings in it, and settings handed on."""

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from app.settings.schema import KEY_VARIABLE, PREFIX, Settings, variables


def child_environment(settings: Settings) -> dict[str, str]:
    """Environment for a child process that must see the same settings: ours, with each of them written out."""
    values = {k: v for k, v in os.environ.items() if not k.upper().startswith(PREFIX)}
    dumped = settings.model_dump(mode="json")
    for variable, path in variables():
        value: Any = dumped
        plain: Any = settings
        for key in path:
            value, plain = value[key], getattr(plain, key)
        if isinstance(plain, SecretStr):  # masked in the dump
            value = plain.get_secret_value()
        if value is not None and not isinstance(value, Mapping):
            values[variable] = value if isinstance(value, str) else json.dumps(value)
    return values | {f"{PREFIX}DATABASE_URL": settings.url}


def set_in_environment(group: str, names: Iterable[str]) -> list[str]:
    """Variables of some settings of a group that are set, and so go before the settings file."""
    wanted = {(group, name) for name in names}
    given = {name.upper() for name in os.environ}
    return [variable for variable, path in variables() if path in wanted and variable in given]


def shown_key() -> str | None:
    """The key that commands show to a running server, from `FATHOM_KEY`; arguments of commands are seen by all."""
    return os.environ.get(KEY_VARIABLE) or None
