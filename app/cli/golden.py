"""`fathom golden`: questions that a collection has to answer after every change, and their runs."""

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json, results, table_of

if TYPE_CHECKING:
    from app.answers.golden import Place

golden_app = typer.Typer(
    name="golden", help="Questions that a collection has to answer after every change.", no_args_is_help=True
)
Collection = Annotated[str, typer.Argument(help="Name or id.")]


@golden_app.callback()
def group() -> None:
    """The server asks them by itself; see FATHOM_GOLDEN__SHARE and FATHOM_GOLDEN__WATCH."""


@golden_app.command("list")
def list_golden(context: typer.Context, collection: Collection, as_json: JsonFlag = False) -> None:
    """List the questions, and whether they hold the encoder in use back."""
    from dataclasses import asdict

    from app.answers import golden, golden_runs

    with open_runtime(context) as runtime:
        held = golden_runs.is_held_back(runtime.db, collection, runtime.encoder_id)
        found = [
            asdict(one) | {"created_at": one.created_at.isoformat()}
            for one in golden.questions(runtime.db, collection)
        ]
    if as_json:
        print_json({"held_back": held, "items": found})
        return
    columns = ["id", "question", "expected", "passages", "answerable", "source"]
    shown = [
        one | {"expected": " | ".join(one["expected"]), "passages": len(one["passages"])} for one in found
    ]
    cells = [[str(one[name]) for name in columns] for one in shown]
    results(160).print(table_of("Golden questions", columns, cells))
    if held:
        print("They hold the encoder in use back: the collection is searched by words.")


@golden_app.command("add")
def add(
    context: typer.Context,
    collection: Collection,
    question: Annotated[str, typer.Argument(help="The question; empty with --answer.")] = "",
    expected: Annotated[
        list[str] | None, typer.Option(help="A text that the answer has to hold; several for any of them.")
    ] = None,
    passage: Annotated[
        list[str] | None, typer.Option(help="Where the answer stands, as DOCUMENT:START:END; several times.")
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help="The right answer is a refusal.")] = False,
    answer: Annotated[
        str | None, typer.Option(help="Take question and right answer from this answer.")
    ] = None,
) -> None:
    """Keep a question with its right answer; prints its id."""
    from app.answers import golden
    from app.answers.golden import Wish

    wish = Wish(
        question=question,
        expected=tuple(expected or ()),
        places=tuple(_place(one) for one in passage or ()),
        answerable=not refused,
    )
    with open_runtime(context) as runtime:
        made = (
            golden.add_answer(runtime, collection, answer)
            if answer
            else golden.add(runtime, collection, wish)
        )
    print(made)


def _place(text: str) -> "Place":
    from app.answers.golden import Place

    document, _, numbers = text.partition(":")
    start, _, end = numbers.partition(":")
    if not (start.isdecimal() and end.isdecimal()):
        raise typer.BadParameter(f"{text!r} is not DOCUMENT:START:END")
    return Place(document_id=document, start=int(start), end=int(end))


@golden_app.command("remove")
def remove(
    context: typer.Context,
    collection: Collection,
    question: Annotated[str, typer.Argument(help="Id of the question.")],
) -> None:
    """Delete a question."""
    from app.answers import golden

    with open_runtime(context) as runtime:
        golden.remove(runtime.db, collection, question)


@golden_app.command("run")
def run(context: typer.Context, collection: Collection, as_json: JsonFlag = False) -> None:
    """Ask all questions now; ends with 6 where fewer pass than FATHOM_GOLDEN__SHARE asks for."""
    from app.answers import golden, golden_runs

    with open_runtime(context) as runtime:
        told = golden_runs.run_now(runtime, collection)
        texts = {one.id: one.question for one in golden.questions(runtime.db, collection)}
        share = runtime.settings.golden.share
    if as_json:
        print_json(
            {
                "id": told.run.id,
                "passed": told.run.passed,
                "total": told.run.total,
                "results": [dict(one) for one in told.run.results],
                "newly_failed": list(told.newly_failed),
                "newly_passed": list(told.newly_passed),
            }
        )
    else:
        columns = ["question", "passed", "found", "rank", "answered", "said", "changed"]
        changed = dict.fromkeys(told.newly_failed, "fails now") | dict.fromkeys(
            told.newly_passed, "passes now"
        )
        cells = [
            [texts.get(key, ""), *(_mark(one[name]) for name in columns[1:6]), changed.get(key, "")]
            for one in told.run.results
            for key in [str(one["question"])]
        ]
        results(160).print(table_of("Golden questions", columns, cells))
        print(f"{told.run.passed} of {told.run.total} pass.")
    if told.share < share:
        raise typer.Exit(SOME_FAILED)


def _mark(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


@golden_app.command("runs")
def runs(context: typer.Context, collection: Collection, as_json: JsonFlag = False) -> None:
    """List the runs, newest first."""
    from app.answers import golden_runs

    with open_runtime(context) as runtime:
        found = [
            {
                "id": one.id,
                "created_at": one.created_at.isoformat(timespec="seconds"),
                "reason": one.reason,
                "state": one.state,
                "passed": one.passed,
                "total": one.total,
                "encoder": str(one.fingerprint.get("encoder", "")),
                "failed": [str(item["question"]) for item in one.results if not item["passed"]],
            }
            for one in golden_runs.runs(runtime.db, collection, None, 50).items
        ]
    if as_json:
        print_json({"items": found})
        return
    columns = ["id", "created_at", "reason", "state", "passed", "total", "encoder"]
    results(160).print(table_of("Runs", columns, [[one[name] for name in columns] for one in found]))


@golden_app.command("release")
def release(
    context: typer.Context,
    collection: Collection,
    force: Annotated[bool, typer.Option("--force", help="Although the questions have not passed.")] = False,
) -> None:
    """Search a collection by the encoder in use; refused without --force where its questions have not passed."""
    from app.answers import golden_runs

    with open_runtime(context) as runtime:
        golden_runs.release(runtime.db, collection, runtime.encoder_id, force=force)
    print("The collection is searched by the vectors of the encoder in use.")
