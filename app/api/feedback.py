"""Routes of feedback: listed, and exported as a question set."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from app.answers import feedback
from app.answers.feedback import FeedbackView
from app.api.access import RuledRoute, any_key
from app.api.deps import Cursor, Limit, RuntimeDep
from app.api.problems import PROBLEM_RESPONSES
from app.schemas.feedback import GivenFeedbackOut, PassageOut
from app.schemas.paging import Page

router = APIRouter(prefix="/feedback", tags=["feedback"], responses=PROBLEM_RESPONSES, route_class=RuledRoute)

NDJSON = "application/x-ndjson"
EXPORT_EXAMPLE = (
    '{"id": "ans_4k7tq2hn3vcv5w6d7g2m5a3x2e", "question": "Which port does the server listen on?", '
    '"answers": ["8000"], "evidence": ["The server listens on port 8000 by default."], '
    '"documents": [{"name": "start.md", "text": "The server listens on port 8000 by default."}]}\n'
)
EXPORT_DOC: dict[int | str, dict[str, Any]] = {
    200: {"description": "One question a line.", "content": {NDJSON: {"example": EXPORT_EXAMPLE}}}
}
InCollection = Annotated[
    str | None, Query(max_length=300, description="Id or name: only answers from this collection.")
]


@router.get("")
@any_key("read")
def list_feedback(
    runtime: RuntimeDep,
    collection: InCollection = None,
    rating: Annotated[Literal["1", "-1"] | None, Query(description="Only this rating.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[GivenFeedbackOut]:
    """Your feedback, on the newest answers first."""
    found = feedback.page(runtime.db, collection, None if rating is None else int(rating), cursor, limit)
    return Page(
        items=[feedback_out(view) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.get("/export", response_class=StreamingResponse, responses=EXPORT_DOC)
@any_key("read")
def export_feedback(runtime: RuntimeDep, collection: InCollection = None) -> StreamingResponse:
    """Your feedback as a question set that `fathom eval` reads, with the documents in full; one question a line.

    A question is left out where nobody said what is right.
    """
    feedback.page(runtime.db, collection, None, None, 1)  # refused here, before the reply begins
    lines = (f"{line}\n" for line in feedback.export(runtime.db, collection))
    named = {"Content-Disposition": 'attachment; filename="feedback.jsonl"'}
    return StreamingResponse(lines, media_type=NDJSON, headers=named)


def feedback_out(view: FeedbackView) -> GivenFeedbackOut:
    """Feedback on the wire."""
    return GivenFeedbackOut(
        answer_id=view.answer_id,
        question=view.question,
        rating=1 if view.rating > 0 else -1,
        comment=view.comment,
        expected=view.expected,
        passages=[
            PassageOut(document_id=one.document_id, start=one.start, end=one.end, quote=one.quote)
            for one in view.passages
        ],
        updated_at=view.updated_at,
    )
