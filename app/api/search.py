"""The route of searches."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from app.api.access import any_key
from app.api.admitted import AdmittedRoute, admitted, in_thread
from app.api.deps import RuntimeDep, actor_of
from app.api.metering import count_search
from app.api.problems import PROBLEM_RESPONSES
from app.api.wire import ranking_choice, turns
from app.schemas.search import SearchOut, SearchRequest
from app.search import searching

router = APIRouter(prefix="/search", tags=["search"], responses=PROBLEM_RESPONSES, route_class=AdmittedRoute)


@router.post("", response_model=SearchOut)
@any_key("read")
@admitted("searches")
async def search(body: SearchRequest, request: Request, runtime: RuntimeDep) -> Response:
    """Find passages, with the scores of each stage and the ranges that an answer would read."""

    def find(has_left: Callable[[], bool]) -> bytes:
        result = searching.search(
            runtime,
            body.collections,
            body.query,
            history=turns(body.history),
            k=body.k,
            choice=ranking_choice(body),
            wanted=body.filter,
            actor=actor_of(request),
            has_left=has_left,
        )
        count_search(request, body.collections, body.query, result)
        # checked and written here, so that the event loop does not stand still for it
        return SearchOut.model_validate(searching.as_wire(result)).model_dump_json().encode()

    return Response(await in_thread(request, find), media_type="application/json")
