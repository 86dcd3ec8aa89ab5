"""Routes of the content filter's lexicons."""

from typing import Annotated, cast

from fastapi import APIRouter, Path, Response

from app.api.access import any_key
from app.api.deps import ActorDep, RuntimeDep
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.library import lexicons
from app.library.lexicons import Change, LexiconView
from app.safety.types import Level, Lexicon
from app.schemas.lexicons import (
    LexiconContentOut,
    LexiconListOut,
    LexiconOut,
    LexiconPut,
    LexiconUpdate,
    MatchOut,
    TrialIn,
    TrialOut,
)

router = APIRouter(prefix="/lexicons", tags=["lexicons"], responses=PROBLEM_RESPONSES, route_class=JsonRoute)

LexiconName = Annotated[str, Path(max_length=64, description="Name of a lexicon.", examples=["projects"])]


@router.get("")
@any_key("admin")
def list_lexicons(runtime: RuntimeDep) -> LexiconListOut:
    """All lexicons, by name."""
    return LexiconListOut(items=[_out(view) for view in lexicons.listed(runtime.db)])


@router.post("/try")
@any_key("admin")
def try_lexicons(body: TrialIn, runtime: RuntimeDep) -> TrialOut:
    """The effect of the lexicons in use on a text."""
    done = lexicons.trial(runtime.content_filter.current(), body.text)
    return TrialOut(
        level=done.level,
        text=done.text,
        matches=[
            MatchOut(
                start=match.start,
                end=match.end,
                level=match.level,
                lexicon=match.source,
                version=match.version,
                word=match.word,
            )
            for match in done.matches
        ],
    )


@router.get("/{lexicon}")
@any_key("admin")
def get_lexicon(lexicon: LexiconName, runtime: RuntimeDep) -> LexiconContentOut:
    """A lexicon with its words, as it can be sent to another server."""
    found = lexicons.content(runtime.db, lexicon)
    view = found.view
    return LexiconContentOut(
        name=view.name,
        level=cast("Level", view.level),
        enabled=view.enabled,
        pinyin=view.pinyin,
        version=view.version,
        words=list(found.words),
        checksum=found.checksum,
    )


@router.put("/{lexicon}")
@any_key("admin")
def put_lexicon(lexicon: LexiconName, body: LexiconPut, runtime: RuntimeDep, actor: ActorDep) -> LexiconOut:
    """Make a lexicon, or replace the one of this name with all its words."""
    made = Lexicon(name=lexicon, level=body.level, pinyin=body.pinyin, words=body.words)
    return _out(lexicons.put(runtime.db, made, enabled=body.enabled, actor=actor))


@router.patch("/{lexicon}")
@any_key("admin")
def change_lexicon(
    lexicon: LexiconName, body: LexiconUpdate, runtime: RuntimeDep, actor: ActorDep
) -> LexiconOut:
    """Change level, use or words of a lexicon; the next question is looked through by it."""
    wanted = Change(
        level=body.level, enabled=body.enabled, pinyin=body.pinyin, add=body.add, remove=body.remove
    )
    return _out(lexicons.change(runtime.db, lexicon, wanted, actor=actor))


@router.delete("/{lexicon}", status_code=204)
@any_key("admin")
def delete_lexicon(lexicon: LexiconName, runtime: RuntimeDep, actor: ActorDep) -> Response:
    """Delete a lexicon with its words."""
    lexicons.remove(runtime.db, lexicon, actor=actor)
    return Response(status_code=204)


def _out(view: LexiconView) -> LexiconOut:
    return LexiconOut(
        name=view.name,
        level=cast("Level", view.level),
        enabled=view.enabled,
        pinyin=view.pinyin,
        version=view.version,
        words=view.words,
        updated_at=view.updated_at,
    )
