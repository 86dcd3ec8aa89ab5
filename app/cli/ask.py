"""`fathom ask`: an answer with its sources, from a collection or straight from a folder."""

import hashlib
import sys
from pathlib import Path
from textwrap import indent
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.explain import explain as explain_answer
from app.cli.output import JsonFlag, console, open_runtime, place, print_json

if TYPE_CHECKING:
    from app.answers.types import AlternativeSource, Answer, AnswerEvent, Citation, NearestPassage
    from app.composition.runtime import Runtime

# As `fathom ask --explain` shows them; underlined and slanted, so that they differ without colour.
COPIED: dict[str, Any] = {"fg": "green", "underline": True}
WRITTEN: dict[str, Any] = {"fg": "yellow", "italic": True}
INDENT = "    "


def ask(
    context: typer.Context,
    target: Annotated[
        str, typer.Argument(metavar="COLLECTION_OR_PATH", help="Name, id, or a file or folder.")
    ],
    question: Annotated[str, typer.Argument(help="What you want to know.")],
    k: Annotated[int | None, typer.Option(help="Passages to read.", min=1, max=100)] = None,
    temperature: Annotated[float | None, typer.Option(help="0 takes the most likely.", min=0, max=2)] = None,
    rerank: Annotated[
        bool | None, typer.Option("--rerank/--no-rerank", help="Order passages by the reranker first.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show where each part comes from.")] = False,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Only documents that hold this, as in team=docs or document.added>=2026-01-01; repeatable."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Answer a question from documents, with citations that equal them.

    A path is taken in first, into a collection of its own that later calls only bring up to date.
    """
    from app.answers import json_form, run, stored
    from app.answers.accept import Ask
    from app.search.filtering import filter_from_words
    from app.search.scope import RankingChoice

    with open_runtime(context) as runtime:
        collection, ingested = _collection(runtime, target, question, as_json=as_json)
        asked = Ask(
            collections=(collection,),
            question=question,
            k=k,
            temperature=temperature,
            choice=RankingChoice(rerank=rerank),
            wanted=filter_from_words(where or []),
        )
        pending = run.begin(runtime, asked)
        screen = _Screen(live=not as_json and sys.stdout.isatty())
        with screen:
            answer = run.complete(runtime, pending, screen.show).answer
        provenance = stored.provenance(runtime, pending.id, in_work=False) if explain else None
    if as_json:
        more = {"ingested": ingested, "provenance": json_form.as_json(provenance)}
        shown = json_form.answer_as_json(answer)
        print_json(shown | {name: value for name, value in more.items() if value is not None})
        return
    screen.end(answer)
    if provenance is not None:
        explain_answer(answer, provenance)


def _collection(
    runtime: "Runtime", target: str, question: str, *, as_json: bool
) -> tuple[str, dict[str, Any] | None]:
    """Id of the collection to ask; a path is brought up to date first.

    Raises:
        CollectionNotFoundError: There is neither a collection nor a path of that name.
        InvalidInputError: The question can't be answered whatever is taken in.
    """
    from app.cli.ingest import print_failed
    from app.cli.progress import ingest_with_bar
    from app.errors import CollectionNotFoundError
    from app.intake import local_files
    from app.library import collections
    from app.search import searching

    path = Path(target).expanduser()
    try:
        return collections.get(runtime, target).row.id, None
    except CollectionNotFoundError:
        if not path.exists():
            raise
    # an unusable question is told before a folder is read for it
    searching.checked_text(question, runtime.settings.limits.max_question_chars, "question")
    folder = path.resolve()
    name = f"{folder.name} {hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"
    view = collections.get_or_create(runtime, name)
    if not view.row.description:
        collections.update(runtime, view.row.id, {"description": f"Kept equal to {folder}"})
    result = ingest_with_bar(
        runtime, view.row.id, local_files.files_under([folder]), quiet=as_json, mirror=True
    )
    if not as_json:
        print_failed(result["failed"])
    return view.row.id, result


class _Screen:
    """The answer on a terminal as it is written; elsewhere, once it is complete."""

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._shown = False
        self._status = console().status("reading") if live else None

    def __enter__(self) -> None:
        if self._status is not None:
            self._status.start()

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def show(self, event: "AnswerEvent") -> None:
        """Print the text of an event of the answer."""
        from app.answers.types import GeneratedText, Replacement

        if not self._live or not isinstance(event, GeneratedText | Replacement):
            return
        if self._status is not None:
            self._status.stop()
        if isinstance(event, Replacement) and self._shown:
            print()
        copied = isinstance(event, GeneratedText) and event.kind == "copied"
        print(typer.style(event.text, **(COPIED if copied else WRITTEN)), end="", flush=True)
        self._shown = True

    def end(self, answer: "Answer") -> None:
        """Print the text, unless it was shown while it was written, then the sources."""
        print("" if self._shown else _set_out(answer))
        for citation in answer.citations:
            doubt = " (may not answer)" if citation.supported is False else ""
            print(f"[{citation.n}] {_place(citation)}{doubt}: “{citation.quote}”")
        for sentence in answer.unsupported:
            said = answer.text[sentence.answer_start : sentence.answer_end]
            print(f" !  No quote backs this: “{_shortened(said)}”")
        if answer.more:
            print("There is more in the document.")
        if answer.also:
            print("Also possible:")
        for source in answer.also:
            print(f" -  {_place(source)}: “{_shortened(source.quote)}”")
        for passage in answer.nearest:
            print(f"\n{_place(passage)}:")
            print(indent(_with_key(passage, colour=sys.stdout.isatty()), INDENT))


def _place(source: "Citation | AlternativeSource | NearestPassage") -> str:
    return place(source.document.name, source.page, source.start, source.end)


def _set_out(answer: "Answer") -> str:
    """The text with its code set in; white space and line ends stay as they are."""
    text = answer.text
    for part in reversed(answer.parts):
        if part.kind == "code":
            start, end = part.answer_start, part.answer_end
            text = text[:start] + indent(text[start:end], INDENT) + text[end:]
    return text


def _with_key(passage: "NearestPassage", *, colour: bool) -> str:
    """A whole passage with its key sentence in bold; between asterisks where there is no colour."""
    text = passage.quote
    if passage.key_start is None or passage.key_end is None:
        return text
    start, end = (max(0, at - passage.start) for at in (passage.key_start, passage.key_end))
    key = text[start:end].strip()
    if not key:
        return text
    shown = typer.style(key, bold=True) if colour else f"**{key}**"
    return text[:start] + text[start:end].replace(key, shown, 1) + text[end:]


def _shortened(text: str, width: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
