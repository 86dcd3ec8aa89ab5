"""Routes of reviews: outdated answers of a collection, counted and asked again."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.answers import reviews, stored
from app.api.access import RuledRoute, on_collection, on_review
from app.api.deps import CollectionKey, Cursor, Limit, RuntimeDep
from app.api.problems import PROBLEM_RESPONSES
from app.api.wire import answer_out
from app.schemas.answers import AnswerCountsOut
from app.schemas.paging import Page
from app.schemas.reviews import ChangeOut, ReviewOut

router = APIRouter(tags=["answers"], responses=PROBLEM_RESPONSES, route_class=RuledRoute)

ReviewId = Annotated[
    str, Path(max_length=64, description="Id of a review.", examples=["rev_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]


@router.get("/collections/{collection}/answers")
@on_collection("read", "reader")
def count_answers(collection: CollectionKey, runtime: RuntimeDep) -> AnswerCountsOut:
    """Number of your answers from a collection, and of the outdated ones among them."""
    answers, outdated = stored.counts(runtime.db, collection)
    return AnswerCountsOut(answers=answers, outdated=outdated)


@router.post("/collections/{collection}/reviews", status_code=202)
@on_collection("ask", "reader")
def start_review(collection: CollectionKey, runtime: RuntimeDep) -> ReviewOut:
    """Ask all your outdated answers from a collection again; gives the review that is under way, if there is one."""
    return _out(reviews.start(runtime.db, collection))


@router.get("/collections/{collection}/reviews")
@on_collection("read", "reader")
def list_reviews(
    collection: CollectionKey, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[ReviewOut]:
    """Your reviews of a collection, newest first."""
    found = reviews.page(runtime.db, collection, cursor, limit)
    return Page(
        items=[_out(view) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.get("/reviews/{review_id}")
@on_review("read")
def get_review(review_id: ReviewId, runtime: RuntimeDep) -> ReviewOut:
    """A review with its progress."""
    return _out(reviews.get(runtime.db, review_id))


@router.get("/reviews/{review_id}/changes")
@on_review("read")
def list_changes(
    review_id: ReviewId, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[ChangeOut]:
    """Answers that say something else now, old and new, in the order they were asked."""
    found = reviews.changes(runtime.db, review_id, cursor, limit)
    return Page(
        items=[ChangeOut(before=answer_out(one.before), after=answer_out(one.after)) for one in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.delete("/reviews/{review_id}", status_code=204)
@on_review("ask")
def cancel_review(review_id: ReviewId, runtime: RuntimeDep) -> Response:
    """Cancel a review; the new answers stay."""
    reviews.cancel(runtime.db, review_id)
    return Response(status_code=204)


def _out(view: reviews.ReviewView) -> ReviewOut:
    return ReviewOut.model_validate(
        {name: getattr(view, name) for name in ReviewOut.model_fields if hasattr(view, name)}
        | {name: view.outcomes.get(name, 0) for name in ("changed", "same", "failed")}
    )
