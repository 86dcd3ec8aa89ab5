"""`fathom answers`: delete stored answers."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from app.cli.output import JsonFlag, open_runtime, print_json

answers_app = typer.Typer(name="answers", help="Delete stored answers.", no_args_is_help=True)


@answers_app.callback()
def group() -> None:
    """Answers are stored with their questions until they are deleted; see FATHOM_ANSWERS__KEEP_DAYS."""


@answers_app.command("delete")
def delete(
    context: typer.Context,
    answers: Annotated[list[str] | None, typer.Argument(metavar="[ANSWER]...", help="Ids.")] = None,
    conversation: Annotated[
        str | None, typer.Option(help="All answers of the conversation with this id.")
    ] = None,
    older_than: Annotated[
        float | None,
        typer.Option(metavar="DAYS", min=0, help="All answers older than so many days; 0 for all."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete answers with their questions: by id, by conversation, or by age."""
    from app.answers import stored

    with open_runtime(context) as runtime:
        deleted = 0
        for answer_id in answers or ():
            stored.delete(runtime, answer_id)
            deleted += 1
        if not answers or conversation is not None or older_than is not None:
            before = None if older_than is None else datetime.now(UTC) - timedelta(days=older_than)
            if not yes and (conversation is not None or before is not None):
                which = "of this conversation" if conversation else "there are"
                age = "" if older_than is None else f" that are older than {older_than:g} days"
                typer.confirm(f"Delete all answers {which}{age}?", abort=True, err=True)
            deleted += stored.delete_some(runtime, conversation=conversation, before=before)
    if as_json:
        print_json({"deleted": deleted})
    else:
        print(f"{deleted} answers are deleted.")
