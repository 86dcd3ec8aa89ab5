"""`fathom lexicons`: the words that the content filter looks for."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import JsonFlag, open_runtime, print_json, results, table_of, visible

lexicons_app = typer.Typer(
    name="lexicons", help="Words that texts are looked through for.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Name of the lexicon.")]
LevelOption = Annotated[
    str | None,
    typer.Option(help="block, mask or flag: refuse the text, make the word unreadable, or note it."),
]


@lexicons_app.callback()
def group() -> None:
    """Questions, passages and answers are looked through for these words; at first there is no lexicon."""


@lexicons_app.command("list")
def list_lexicons(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Show all lexicons."""
    from app.library import lexicons

    with open_runtime(context) as runtime:
        views = lexicons.listed(runtime.db)
    if as_json:
        print_json([asdict(view) | {"updated_at": view.updated_at.isoformat()} for view in views])
        return
    rows = [
        [visible(view.name), view.level, view.words, view.version, "yes" if view.enabled else "no",
         "yes" if view.pinyin else "no"]
        for view in views
    ]  # fmt: skip
    results(100).print(table_of("Lexicons", ["name", "level", "words", "version", "in use", "pinyin"], rows))


@lexicons_app.command("import")
def import_lexicon(
    context: typer.Context,
    name: Name,
    file: Annotated[
        Path, typer.Argument(help="One word a line, or what `export` wrote.", exists=True, dir_okay=False)
    ],
    level: LevelOption = None,
    pinyin: Annotated[bool, typer.Option(help="Find Chinese words by their sound too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a lexicon from a file, or replace the one of this name with all its words."""
    from typing import cast

    from app.library import lexicons
    from app.safety.types import Level, Lexicon

    with open_runtime(context) as runtime:
        words = lexicons.words_in(lexicons.decoded(file.read_bytes()))
        lexicon = Lexicon(name=name, level=cast("Level", level or "mask"), pinyin=pinyin, words=words)
        view = lexicons.put(runtime.db, lexicon)
    if as_json:
        print_json(asdict(view) | {"updated_at": view.updated_at.isoformat()})
    else:
        print(
            f"Lexicon {visible(view.name)}: {view.words:,} words, level {view.level}, version {view.version}."
        )


@lexicons_app.command("export")
def export_lexicon(context: typer.Context, name: Name) -> None:
    """Write a lexicon as JSON on standard output, with a checksum of its words."""
    from app.library import lexicons

    with open_runtime(context) as runtime:
        found = lexicons.content(runtime.db, name)
    view = found.view
    print_json(
        {
            "name": view.name,
            "level": view.level,
            "pinyin": view.pinyin,
            "version": view.version,
            "words": list(found.words),
            "checksum": found.checksum,
        }
    )


@lexicons_app.command("set")
def set_lexicon(
    context: typer.Context,
    name: Name,
    level: LevelOption = None,
    enabled: Annotated[bool | None, typer.Option("--use/--no-use", help="Whether it is used.")] = None,
    pinyin: Annotated[
        bool | None, typer.Option("--pinyin/--no-pinyin", help="Find words by their sound.")
    ] = None,
    add: Annotated[list[str] | None, typer.Option(help="A word to add. May be repeated.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="A word to remove. May be repeated.")] = None,
) -> None:
    """Change a lexicon; options that are not named stay."""
    from typing import cast

    from app.library import lexicons
    from app.safety.types import Level

    wanted = lexicons.Change(
        level=cast("Level | None", level), enabled=enabled, pinyin=pinyin, add=add or (), remove=remove or ()
    )
    with open_runtime(context) as runtime:
        view = lexicons.change(runtime.db, name, wanted)
    print(f"Lexicon {visible(view.name)}: {view.words:,} words, level {view.level}, version {view.version}.")


@lexicons_app.command("delete")
def delete_lexicon(context: typer.Context, name: Name) -> None:
    """Delete a lexicon with its words."""
    from app.library import lexicons

    with open_runtime(context) as runtime:
        lexicons.remove(runtime.db, name)
    print(f"Lexicon {visible(name)} is deleted.")


@lexicons_app.command("try")
def try_text(
    context: typer.Context,
    text: Annotated[str, typer.Argument(help="Text to look through.")],
    as_json: JsonFlag = False,
) -> None:
    """Show a text as the lexicons in use would change it; nothing of it is kept."""
    from app.library import lexicons

    with open_runtime(context) as runtime:
        done = lexicons.trial(runtime.content_filter.current(), text)
    if as_json:
        print_json(asdict(done))
        return
    print(visible(done.text))
    for match in done.matches:
        print(
            f"  [{match.start}, {match.end}) {match.level}: {visible(match.word)} ({visible(match.source)})"
        )
    print(f"Level: {done.level}." if done.level else "Nothing is found.")
