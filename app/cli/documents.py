"""`fathom documents`: tag and delete documents, switch their chunks off and on."""

from typing import Annotated, Any

import typer

from app.cli.collections import print_table
from app.cli.output import JsonFlag, open_runtime, print_json

documents_app = typer.Typer(name="documents", help="Change single documents.", no_args_is_help=True)


@documents_app.callback()
def group() -> None:
    """Ids of documents begin with doc_; `fathom collections show` lists them."""


@documents_app.command("delete")
def delete(
    context: typer.Context,
    document: Annotated[str, typer.Argument(help="Id of the document.")],
    erase: Annotated[
        bool, typer.Option("--erase", help="Erase its text at once, instead of keeping it in the bin.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete a document with its members; `fathom bin restore` undoes it for some days."""
    from app.library import deletions, documents

    with open_runtime(context) as runtime:
        name = documents.get(runtime.db, document).document.name
        item = None
        if erase:
            documents.delete(runtime, document)
        else:
            item = deletions.discard_document(runtime, document)
    if as_json:
        print_json({"deleted": document, "bin_item": item})
    else:
        print(f"{name} is {'erased' if item is None else f'in the bin: {item}'}.")


@documents_app.command("tag")
def tag(
    context: typer.Context,
    documents: Annotated[list[str], typer.Argument(help="Ids of documents.")],
    add: Annotated[list[str] | None, typer.Option("--add", help="A tag to add. May be repeated.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", help="A tag to take away. May be repeated.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show, add or take away tags; `--where document.tag=legal` searches and asks the documents that have one."""
    from app.library import documents as library

    with open_runtime(context) as runtime:
        tagged = [library.retag(runtime.db, document, add or (), remove or ()) for document in documents]
    if as_json:
        print_json({"items": [{"id": view.document.id, "tags": list(view.tags)} for view in tagged]})
        return
    for view in tagged:
        print(f"{view.document.name}: {', '.join(view.tags) or 'no tags'}")


@documents_app.command("chunks")
def chunks(
    context: typer.Context,
    document: Annotated[str, typer.Argument(help="Id of the document.")],
    off: Annotated[
        list[int] | None, typer.Option("--off", help="Id of a chunk to switch off. May be repeated.")
    ] = None,
    on: Annotated[
        list[int] | None, typer.Option("--on", help="Id of a chunk to switch on. May be repeated.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the chunks of a document, and switch some off or on: searches and answers use no chunk that is off."""
    from app.library import documents as library
    from app.library import passages

    with open_runtime(context) as runtime:
        for chunk in off or ():
            passages.set_enabled(runtime, document, chunk, enabled=False)
        for chunk in on or ():
            passages.set_enabled(runtime, document, chunk, enabled=True)
        found: list[Any] = []
        cursor: str | None = None
        while True:
            page = library.chunk_page(runtime.db, document, cursor, 200)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"items": [{"id": one.id, "enabled": one.enabled, "text": one.text} for one in found]})
        return
    rows = [[one.id, "" if one.enabled else "off", " ".join(one.text.split())[:120]] for one in found]
    print_table("Chunks", ["id", "state", "text"], rows)
