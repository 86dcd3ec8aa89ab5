"""The route of searches."""

from fastapi import APIRouter

from app.api.deps import RuntimeDep
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.api.wire import ranking_choice, turns
from app.schemas.search import SearchOut, SearchRequest
from app.services import searching

router = APIRouter(prefix="/search", tags=["search"], responses=PROBLEM_RESPONSES, route_class=JsonRoute)


@router.post("")
def search(body: SearchRequest, runtime: RuntimeDep) -> SearchOut:
    """Find passages, with the scores of each stage and what an answer would read of them."""
    result = searching.search(
        runtime,
        body.collections,
        body.query,
        history=turns(body.history),
        k=body.k,
        choice=ranking_choice(body),
    )
    return SearchOut.model_validate(searching.as_wire(result))
