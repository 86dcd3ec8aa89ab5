"""Dependencies of routes: the runtime, path parameters and the parameters of lists."""

from typing import Annotated, cast

from fastapi import Depends, Path, Query, Request

from app.composition.runtime import Runtime


async def _runtime(request: Request) -> Runtime:
    # a coroutine, because other dependencies take a thread of the shared pool
    return cast("Runtime", request.state.runtime)


RuntimeDep = Annotated[Runtime, Depends(_runtime)]
"""The runtime of the process, as whoever makes the request sees it."""

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
