"""Routes of golden questions of a collection, and of their runs."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.answers import golden, golden_runs
from app.answers.golden import GoldenView, Place, Wish
from app.answers.golden_runs import RunView
from app.api.access import on_collection
from app.api.deps import CollectionKey, Cursor, Limit, RuntimeDep
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.schemas.feedback import PassageOut
from app.schemas.golden import (
    GoldenIn,
    GoldenListOut,
    GoldenOut,
    GoldenReportOut,
    GoldenRunOut,
    ReleaseIn,
    VerdictOut,
)
from app.schemas.paging import Page

router = APIRouter(
    prefix="/collections/{collection}/golden",
    tags=["golden questions"],
    responses=PROBLEM_RESPONSES,
    route_class=JsonRoute,
)

QuestionId = Annotated[
    str,
    Path(max_length=64, description="Id of a golden question.", examples=["gold_4k7tq2hn3vcv5w6d7g2m5a3x2e"]),
]
RunId = Annotated[
    str, Path(max_length=64, description="Id of a run.", examples=["run_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]


@router.get("")
@on_collection("read", "reader")
def list_golden(collection: CollectionKey, runtime: RuntimeDep) -> GoldenListOut:
    """All golden questions of a collection, oldest first."""
    return GoldenListOut(
        held_back=golden_runs.is_held_back(runtime.db, collection, runtime.encoder_id),
        share=runtime.settings.golden.share,
        items=[_question_out(view) for view in golden.questions(runtime.db, collection)],
    )


@router.post("", status_code=201)
@on_collection("write", "editor")
def add_golden(collection: CollectionKey, body: GoldenIn, runtime: RuntimeDep) -> GoldenOut:
    """Keep a question with its right answer: by hand, or from a stored answer and its feedback."""
    if body.answer_id is not None:
        key = golden.add_answer(runtime, collection, body.answer_id)
    else:
        places = tuple(Place(document_id=p.document_id, start=p.start, end=p.end) for p in body.passages)
        wish = Wish(
            question=body.question,
            expected=tuple(body.expected),
            places=places,
            answerable=body.answerable,
        )
        key = golden.add(runtime, collection, wish)
    return next(_question_out(view) for view in golden.questions(runtime.db, collection) if view.id == key)


@router.delete("/{question_id}", status_code=204)
@on_collection("write", "editor")
def remove_golden(collection: CollectionKey, question_id: QuestionId, runtime: RuntimeDep) -> None:
    """Delete a golden question; runs keep its verdicts."""
    golden.remove(runtime.db, collection, question_id)


@router.post("/runs", status_code=202)
@on_collection("write", "editor")
def start_run(collection: CollectionKey, runtime: RuntimeDep) -> GoldenRunOut:
    """Ask all questions again; the server does so by itself after every change."""
    return _run_out(golden_runs.start(runtime, collection))


@router.get("/runs")
@on_collection("read", "reader")
def list_runs(
    collection: CollectionKey, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[GoldenRunOut]:
    """Runs, newest first; the last 50 are kept."""
    found = golden_runs.runs(runtime.db, collection, cursor, limit)
    return Page(
        items=[_run_out(view) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.get("/runs/{run_id}")
@on_collection("read", "reader")
def get_run(collection: CollectionKey, run_id: RunId, runtime: RuntimeDep) -> GoldenReportOut:
    """A run with its verdicts, and the questions that pass or fail otherwise than in the one before."""
    told = golden_runs.report(runtime.db, collection, run_id)
    return GoldenReportOut(
        **_run_out(told.run).model_dump(),
        results=[VerdictOut.model_validate(one) for one in told.run.results],
        before=told.before,
        newly_failed=list(told.newly_failed),
        newly_passed=list(told.newly_passed),
    )


@router.post("/release", status_code=204)
@on_collection("write", "owner")
def release_encoder(collection: CollectionKey, body: ReleaseIn, runtime: RuntimeDep) -> None:
    """Search the collection by the vectors of the encoder in use, although its golden questions did not pass."""
    golden_runs.release(runtime.db, collection, runtime.encoder_id, force=body.force)


def _question_out(view: GoldenView) -> GoldenOut:
    return GoldenOut.model_validate(
        {
            "id": view.id,
            "question": view.question,
            "expected": list(view.expected),
            "answerable": view.answerable,
            "source": view.source,
            "passages": [
                PassageOut(document_id=one.document_id, start=one.start, end=one.end, quote=one.quote)
                for one in view.passages
            ],
            "created_at": view.created_at,
        }
    )


def _run_out(view: RunView) -> GoldenRunOut:
    return GoldenRunOut.model_validate(
        {
            "id": view.id,
            "reason": view.reason,
            "state": view.state,
            "passed": view.passed,
            "total": view.total,
            "error": view.error,
            "encoder": str(view.fingerprint.get("encoder", "")),
            "model": str(view.fingerprint.get("model", "")),
            "created_at": view.created_at,
            "finished_at": view.finished_at,
        }
    )
