"""`fathom prove-gone`: where the text of a document still stands."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json


def prove_gone(
    context: typer.Context,
    document: Annotated[
        str, typer.Argument(help="Id of the document, or the file that it was made from; both with --file.")
    ],
    file: Annotated[
        Path | None, typer.Option(help="The file: its text is looked for, not the id alone.", dir_okay=False)
    ] = None,
    look_in: Annotated[
        list[Path] | None,
        typer.Option(help="Look through this file or folder too, such as logs and backups. May be repeated."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Look through every table, index, stored file, log and backup within reach for the text of a document.

    Says each place where it still stands; also before it is deleted. Ends with 0 only where it stands nowhere, else
    with 6. First it finishes what an interrupted deletion has left.
    """
    from app.errors import InvalidInputError
    from app.intake.mapping import parsing_limits
    from app.library import proving

    path = Path(document).expanduser()
    document_id = None if path.is_file() else document
    for one in (*(look_in or ()), *([file] if file else ())):
        if not one.exists():
            raise InvalidInputError(
                "path_not_found", f"There is no file or folder {str(one)!r}.", "Check the path."
            )
    if document_id is not None and not document_id.startswith("doc_"):
        raise InvalidInputError(
            "bad_document_id",
            f"{document!r} is neither a file nor the id of a document.",
            "Ids begin with doc_; `fathom collections show` lists them.",
        )
    with open_runtime(context) as runtime:
        source = file or (None if document_id else path)
        limits = parsing_limits(runtime.settings.limits)
        wanted = proving.wanted(runtime.db, document_id, source, limits)
        found = list(proving.findings(runtime, runtime.settings, wanted, look_in or ()))
        beyond = [*proving.OUT_OF_REACH, *([] if runtime.db.is_sqlite else [proving.SERVER_FILES])]
    if as_json:
        print_json(
            {
                "gone": not found,
                "by": {"id": document_id is not None, "text": wanted.text is not None},
                "findings": [asdict(one) for one in found],
                "out_of_reach": beyond,
            }
        )
    else:
        for one in found:
            print(f"{one.place}: {one.what}\n    {one.hint}")
        print(f"It still stands in {len(found)} places." if found else "It stands nowhere.")
        if wanted.text is None:
            print("Its text is not known, so only what names it was looked for; name its file with --file.")
        print("Not looked at: " + "; ".join(beyond) + ".")
    if found:
        raise typer.Exit(SOME_FAILED)
