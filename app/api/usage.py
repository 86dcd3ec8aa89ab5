"""Routes of usage."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from app.api.access import any_key, principal_of_request
from app.api.deps import RuntimeDep
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.identity.rights import administers
from app.library import usage
from app.library.usage import Wanted
from app.schemas.usage import UseOut

router = APIRouter(prefix="/usage", tags=["usage"], responses=PROBLEM_RESPONSES, route_class=JsonRoute)

CSV = "text/csv"
USAGE_DOC: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: {}}}}


@router.get("", response_model=UseOut, responses=USAGE_DOC)
@any_key("read")
def get_usage(
    request: Request,
    runtime: RuntimeDep,
    by: Annotated[
        list[Literal["day", "user", "key", "collection"]] | None,
        Query(description="What is told apart; several times. Otherwise day and key."),
    ] = None,
    since: Annotated[date | None, Query(description="First day of UTC.")] = None,
    until: Annotated[date | None, Query(description="Last day of UTC.")] = None,
    form: Annotated[
        Literal["json", "csv"],
        Query(alias="format", description="`csv` is for spreadsheets: no cell is taken for a formula."),
    ] = "json",
) -> Response:
    """Use by day, user, key and collection; of all to administrators with the scope `admin`, else of your own keys.

    Told apart by collection, something about two of them counts in both; otherwise everything counts once.
    A key for some collections is told of itself alone.
    """
    principal = principal_of_request(request)
    wanted = Wanted(
        by=tuple(by or ("day", "key")),
        since=since,
        until=until,
        user_id=None if administers(principal) else principal.user_id,
        key_id=None if principal.collection_ids is None else principal.key_id,
    )
    request.app.state.meter.flush()
    rows = usage.report(runtime.db.unrestricted, wanted)
    if form == "csv":
        named = {"Content-Disposition": 'attachment; filename="usage.csv"'}
        return Response("".join(usage.as_csv(rows, wanted.by)), media_type=CSV, headers=named)
    return JSONResponse({"items": rows})
