"""What is said of settings that can't be used: of those that nobody knows, which one may have been meant."""

import difflib
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def unknown_setting(name: str, variable: str, known: Sequence[str]) -> str:
    """A line of text about an unknown setting.

    Args:
        name: As it stands where it was found.
        variable: As an environment variable.
        known: All variables that there are.
    """
    near = difflib.get_close_matches(variable.upper(), known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"unknown setting {name}: {meant}`fathom doctor` lists the known ones"


def unusable_setting(error: "ErrorDetails", prefix: str, known: Sequence[str]) -> str:
    """A line of text for a validation error of pydantic; variables begin with `prefix`."""
    place = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        return unknown_setting(place, prefix + place.replace(".", "__"), known)
    return f"{place or 'settings'}: {error['msg']}"
