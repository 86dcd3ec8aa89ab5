"""Dependencies of routes: the runtime, path parameters and the parameters of lists."""

from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request, Response

from app.audit.recording import LOCAL
from app.composition.runtime import Runtime
from app.identity.principal import Principal


async def _runtime(request: Request) -> Runtime:
    # a coroutine, because other dependencies take a thread of the shared pool
    return cast("Runtime", request.state.runtime)


RuntimeDep = Annotated[Runtime, Depends(_runtime)]
"""The runtime of the process, as whoever makes the request sees it."""


def actor_of(request: Request) -> str:
    """Id of whoever makes a request, as the audit trail names it; `LOCAL` for the machine itself."""
    principal = cast("Principal | None", getattr(request.state, "principal", None))
    return LOCAL if principal is None or principal.user_id is None else principal.user_id


async def _actor(request: Request) -> str:
    return actor_of(request)


ActorDep = Annotated[str, Depends(_actor)]
"""Whoever makes the request, for the audit trail."""


Cursor = Annotated[
    str | None, Query(max_length=500, description="`next_cursor` of the page before; absent for the first.")
]
Limit = Annotated[int, Query(ge=1, le=200, description="Most items of a page.")]
CollectionKey = Annotated[
    str, Path(max_length=300, description="Id or name of a collection.", examples=["handbook"])
]
DocumentId = Annotated[
    str, Path(max_length=64, description="Id of a document.", examples=["doc_zk7tq2hn3vcv5w6d7g2m5a3x2e"])
]
JobId = Annotated[
    str, Path(max_length=64, description="Id of a job.", examples=["job_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]
ChunkId = Annotated[
    int, Path(ge=0, le=2**53, description="Id of a chunk, as a hit or a citation has it.", examples=[17])
]
EraseNow = Annotated[bool, Query(description="Erase the text at once, instead of keeping it in the bin.")]


def deleted(bin_item: str | None) -> Response:
    """The reply to a deletion, which names its item in the bin where there is one."""
    return Response(status_code=204, headers={} if bin_item is None else {"Bin-Item": bin_item})
