"""`fathom search`: passages, with the scores of each stage."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import JsonFlag, open_runtime, place, print_json

if TYPE_CHECKING:
    from app.search.searching import SearchResult


def search(
    context: typer.Context,
    collections: Annotated[str, typer.Argument(help="Name or id; several with commas.")],
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int | None, typer.Option(help="Hits wanted.", min=1, max=100)] = None,
    rerank: Annotated[
        bool | None, typer.Option("--rerank/--no-rerank", help="Order by the reranker's relevance.")
    ] = None,
    mmr_lambda: Annotated[
        float | None,
        typer.Option(help="1 goes by relevance alone, lower values prefer what is new.", min=0, max=1),
    ] = None,
    max_per_document: Annotated[
        int | None, typer.Option(help="Most passages of one document.", min=1, max=100)
    ] = None,
    neighbours: Annotated[
        int | None, typer.Option(help="Passages around each hit that an answer would read.", min=0, max=16)
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            help="Only documents that hold this, as in team=docs or document.added>=2026-01-01; repeatable."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Find passages in collections."""
    from app.search import searching
    from app.search.filtering import filter_from_words
    from app.search.scope import RankingChoice

    choice = RankingChoice(
        rerank=rerank, mmr_lambda=mmr_lambda, max_per_document=max_per_document, neighbours=neighbours
    )
    keys = [key.strip() for key in collections.split(",") if key.strip()]
    with open_runtime(context) as runtime:
        result = searching.search(
            runtime, keys, query, k=k, choice=choice, wanted=filter_from_words(where or [])
        )
        found = searching.as_wire(result)
    if as_json:
        print_json(found)
    else:
        _show(result, found)


def _show(result: "SearchResult", found: dict[str, Any]) -> None:
    if not found["hits"]:
        print(f"Nothing found for {result.query!r}.")
    for hit in found["hits"]:
        scores = " ".join(f"{name} {value:.3f}" for name, value in hit["scores"].items())
        text = " ".join(hit["text"].split())
        print(
            f"{hit['rank']}. {place(hit['document']['name'], hit['page'], hit['start'], hit['end'])}  {scores}"
        )
        print(f"   {text[:300]}{'…' if len(text) > 300 else ''}")
