"""`fathom feedback`: opinions on answers, listed, and exported as a question set."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.output import JsonFlag, open_runtime, print_json, results, table_of

feedback_app = typer.Typer(
    name="feedback", help="Opinions on answers, and question sets made of them.", no_args_is_help=True
)
CollectionOption = Annotated[str | None, typer.Option(help="Only answers from this collection.")]
PAGE = 200


@feedback_app.callback()
def group() -> None:
    """Everybody's feedback; over REST each user sees their own."""


@feedback_app.command("list")
def list_feedback(
    context: typer.Context,
    collection: CollectionOption = None,
    rating: Annotated[int | None, typer.Option(min=-1, max=1, help="Only 1 or -1.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List feedback, on the newest answers first."""
    from dataclasses import asdict

    from app.answers import feedback

    found: list[dict[str, Any]] = []
    with open_runtime(context) as runtime:
        cursor: str | None = None
        while True:
            page = feedback.page(runtime.db, collection, rating, cursor, PAGE)
            for view in page.items:
                told = asdict(view) | {"updated_at": view.updated_at.isoformat()}
                told.pop("answer")
                found.append(told)
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"items": found})
        return
    columns = ["answer_id", "rating", "question", "comment", "expected", "passages"]
    shown = [one | {"passages": len(one["passages"])} for one in found]
    results(160).print(table_of("Feedback", columns, [[one[name] for name in columns] for one in shown]))


@feedback_app.command("export")
def export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write, as in questions.jsonl.")],
    collection: CollectionOption = None,
) -> None:
    """Write feedback as a question set for `fathom eval`; questions without a known right answer are left out."""
    from app.answers import feedback

    count = 0
    with open_runtime(context) as runtime, file.open("w", encoding="utf-8") as written:
        for line in feedback.export(runtime.db, collection):
            written.write(f"{line}\n")
            count += 1
    print(f"{count} questions are in {file}; measure with `fathom eval {file}`.")
