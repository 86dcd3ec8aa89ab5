"""`fathom answers`: list stored answers, ask outdated ones again, delete them."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json, visible

if TYPE_CHECKING:
    from app.answers.reviews import Change
    from app.answers.types import Answer
    from app.composition.runtime import Runtime

PAGE = 200

answers_app = typer.Typer(
    name="answers", help="List stored answers, ask outdated ones again, delete them.", no_args_is_help=True
)


@answers_app.callback()
def group() -> None:
    """Answers are stored with their questions until they are deleted; see FATHOM_ANSWERS__KEEP_DAYS."""


@answers_app.command("list")
def list_some(
    context: typer.Context,
    outdated: Annotated[
        bool | None,
        typer.Option(
            "--outdated/--up-to-date",
            help="Only those that stand on sources which changed or went, or all others.",
        ),
    ] = None,
    collection: Annotated[str | None, typer.Option(help="Only answers from this collection.")] = None,
    conversation: Annotated[str | None, typer.Option(help="Only answers of this conversation.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most answers.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List stored answers, newest first; outdated ones with the reason."""
    from app.answers import stored
    from app.answers.json_form import as_json as in_json

    wanted = stored.Wanted(outdated=outdated, collection=collection, conversation=conversation)
    found: list[Answer] = []
    with open_runtime(context) as runtime:
        cursor: str | None = None
        while len(found) < limit:
            page = stored.page(runtime.db, wanted, cursor, min(PAGE, limit - len(found)), lambda _: False)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"items": [in_json(answer) for answer in found]})
        return
    for answer in found:
        print(f"{answer.id}  {answer.created_at[:16]}  {_line(answer.question)}{_mark(answer)}")


@answers_app.command("again")
def ask_again(
    context: typer.Context,
    answer: Annotated[str, typer.Argument(metavar="ANSWER", help="Its id.")],
    as_json: JsonFlag = False,
) -> None:
    """Ask the question of an answer again, and show both; both stay stored."""
    from app.answers import again, run, stored
    from app.answers.json_form import as_json as in_json

    with open_runtime(context) as runtime:
        new = run.answer(runtime, again.ask_of(runtime.db, answer)).answer
        before, after = (stored.get(runtime.db, key, in_work=False) for key in (answer, new.id))
    if as_json:
        print_json({"before": in_json(before), "after": in_json(after)})
        return
    _print_change(before, after)
    print("It says the same." if after.change == "same" else "It says something else now.")


@answers_app.command("review")
def review(
    context: typer.Context,
    collection: Annotated[str, typer.Argument(metavar="COLLECTION", help="Name or id.")],
    as_json: JsonFlag = False,
) -> None:
    """Ask all outdated answers from a collection again, with progress; Ctrl-C cancels, and new answers stay."""
    from app.answers import reviews
    from app.answers.json_form import as_json as in_json
    from app.cli.progress import bar

    with open_runtime(context) as runtime, bar(quiet=as_json) as progress:
        begun = reviews.start(runtime.db, collection)
        task = progress.add_task("asking again", total=begun.total, note="")
        try:
            while reviews.get(runtime.db, begun.id).finished_at is None:
                if not reviews.work(runtime, told=lambda view: progress.update(task, completed=view.done)):
                    _wait(runtime, begun.id, lambda view: progress.update(task, completed=view.done))
        except KeyboardInterrupt:
            reviews.cancel(runtime.db, begun.id)
            raise
        view = reviews.get(runtime.db, begun.id)
        changes = _changes(runtime, begun.id)
    counted = {name: view.outcomes.get(name, 0) for name in ("changed", "same", "failed")}
    if as_json:
        pairs = [{"before": in_json(one.before), "after": in_json(one.after)} for one in changes]
        print_json({"id": view.id, "state": view.state, "total": view.total, **counted, "changes": pairs})
    else:
        for one in changes:
            _print_change(one.before, one.after)
        print(f"{counted['changed']} of {view.total} answers changed, {counted['same']} say the same.")
        if counted["failed"]:
            print(f"{counted['failed']} could not be answered again.")
    if view.state == "failed" or counted["failed"]:
        raise typer.Exit(SOME_FAILED)


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


def _wait(runtime: "Runtime", review_id: str, told: "Any") -> None:
    """Follow a review that the server does."""
    import time

    from app.answers import reviews

    time.sleep(0.5)
    told(reviews.get(runtime.db, review_id))


def _changes(runtime: "Runtime", review_id: str) -> "list[Change]":
    from app.answers import reviews

    found: list[Change] = []
    cursor: str | None = None
    while True:
        page = reviews.changes(runtime.db, review_id, cursor, PAGE)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


def _print_change(before: "Answer", after: "Answer") -> None:
    print(f"{before.id} -> {after.id}: {_line(before.question)}")
    for sign, answer in (("-", before), ("+", after)):
        for line in answer.text.splitlines() or [""]:
            print(f"  {sign} {visible(line)}")


def _mark(answer: "Answer") -> str:
    if answer.outdated is None:
        return ""
    names = ", ".join(visible(source.name) for source in answer.outdated.documents)
    reason = "source gone" if answer.outdated.reason == "source_gone" else "source changed"
    renewed = f", asked again: {answer.renewed_by}" if answer.renewed_by else ""
    return f"  [{reason}{': ' if names else ''}{names}{renewed}]"


def _line(text: str, width: int = 100) -> str:
    line = visible(" ".join(text.split()))
    return line if len(line) <= width else line[: width - 1] + "…"
