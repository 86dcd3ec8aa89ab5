"""`fathom eval`."""

import typer


def evaluate(context: typer.Context) -> None:
    """Placeholder."""
