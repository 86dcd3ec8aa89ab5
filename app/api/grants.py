"""Routes of grants: with whom a collection is shared."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.access import on_collection
from app.api.deps import CollectionKey, RuntimeDep
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.identity import people
from app.schemas.identity import GrantCreate, GrantOut, GrantsOut

router = APIRouter(
    prefix="/collections/{collection}/grants",
    tags=["identity"],
    route_class=JsonRoute,
    responses=PROBLEM_RESPONSES,
)

GrantId = Annotated[
    str, Path(max_length=64, description="Id of a grant.", examples=["grt_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]


@router.get("")
@on_collection("read", "owner")
def list_grants(collection: CollectionKey, runtime: RuntimeDep) -> GrantsOut:
    """With whom a collection is shared."""
    found = people.grants_of(runtime.db, collection)
    return GrantsOut(items=[GrantOut.model_validate(view, from_attributes=True) for view in found])


@router.post("")
@on_collection("write", "owner")
def create_grant(collection: CollectionKey, body: GrantCreate, runtime: RuntimeDep) -> GrantOut:
    """Share a collection with a user or a group; a grant that there is gets the new role."""
    made = people.grant(runtime.db, collection, body.role, user=body.user, group=body.group)
    return GrantOut.model_validate(made, from_attributes=True)


@router.delete("/{grant_id}", status_code=204)
@on_collection("write", "owner")
def withdraw_grant(collection: CollectionKey, grant_id: GrantId, runtime: RuntimeDep) -> Response:
    """Take a grant back: within a second who had it finds nothing of the collection, and running answers end."""
    people.withdraw_grant(runtime.db, collection, grant_id)
    return Response(status_code=204)
