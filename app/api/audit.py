"""Routes of the audit trail."""

import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from app.api.access import any_key
from app.api.deps import Limit, RuntimeDep
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.audit import trail
from app.audit.chain import Head
from app.schemas.audit import (
    RECORD_EXAMPLE,
    AuditPageOut,
    AuditRecordOut,
    HeadOut,
    TamperingOut,
    VerifyIn,
    VerifyOut,
)

router = APIRouter(prefix="/audit", tags=["audit"], responses=PROBLEM_RESPONSES, route_class=JsonRoute)

NDJSON = "application/x-ndjson"
CSV = "text/csv"
EXPORT_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One record a line.",
        "content": {NDJSON: {"example": json.dumps(RECORD_EXAMPLE) + "\n"}, CSV: {}},
    }
}


@router.get("")
@any_key("admin")
def list_records(
    runtime: RuntimeDep,
    event: Annotated[str | None, Query(max_length=40, description="Only of this event.")] = None,
    actor: Annotated[str | None, Query(max_length=255, description="Only by this actor.")] = None,
    subject: Annotated[
        str | None, Query(max_length=64, description="Only about the thing of this id.")
    ] = None,
    cursor: Annotated[
        str | None, Query(max_length=20, description="`next_cursor` of the page before.")
    ] = None,
    limit: Limit = 50,
) -> AuditPageOut:
    """Records of the audit trail, newest first."""
    given = {"event": event, "actor": actor, "subject": subject}
    wanted = {name: value for name, value in given.items() if value is not None}
    found = trail.page(runtime.db, wanted, cursor, limit)
    return AuditPageOut(
        items=[AuditRecordOut.model_validate(trail.as_json(record)) for record in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.get("/head")
@any_key("admin")
def get_head(runtime: RuntimeDep) -> HeadOut:
    """Number and hash of the newest record, to be kept elsewhere."""
    head = trail.head(runtime.db)
    return HeadOut(seq=head.seq, hash=head.hash)


@router.post("/verify")
@any_key("admin")
def verify(body: VerifyIn, runtime: RuntimeDep) -> VerifyOut:
    """Read the whole trail, and tell which rows were changed, removed, added or moved."""
    verdict = trail.verify(runtime.db, [Head(seq=head.seq, hash=head.hash) for head in body.heads])
    return VerifyOut(
        whole=not verdict.found,
        first=verdict.first,
        last=verdict.last,
        hash=verdict.hash,
        found=[
            TamperingOut(seq=one.seq, last=one.last, kind=one.kind, detail=one.detail)
            for one in verdict.found
        ],
    )


@router.get("/export", response_class=StreamingResponse, responses=EXPORT_DOC)
@any_key("admin")
def export(
    runtime: RuntimeDep,
    form: Annotated[
        Literal["json", "csv"],
        Query(alias="format", description="`csv` is for spreadsheets: no cell is taken for a formula."),
    ] = "json",
) -> StreamingResponse:
    """The whole trail, one record a line, oldest first."""
    if form == "csv":
        named = {"Content-Disposition": 'attachment; filename="audit.csv"'}
        return StreamingResponse(trail.export_csv(runtime.db), media_type=CSV, headers=named)
    lines = (f"{line}\n" for line in trail.export(runtime.db))
    return StreamingResponse(
        lines, media_type=NDJSON, headers={"Content-Disposition": 'attachment; filename="audit.ndjson"'}
    )
