"""Routes of webhooks and of the messages to them."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.api.access import any_key, on_webhook
from app.api.deps import Cursor, Limit, RuntimeDep
from app.api.json_body import JsonRoute
from app.api.problems import PROBLEM_RESPONSES
from app.schemas.paging import Page
from app.schemas.webhooks import DeliveryOut, WebhookChange, WebhookCreate, WebhookMadeOut, WebhookOut
from app.webhooks import hooks

router = APIRouter(prefix="/webhooks", tags=["webhooks"], responses=PROBLEM_RESPONSES, route_class=JsonRoute)

WebhookId = Annotated[
    str, Path(max_length=64, description="Id of a webhook.", examples=["whk_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]
MessageId = Annotated[
    str, Path(max_length=64, description="Id of a message.", examples=["msg_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]


@router.post("", status_code=201)
@any_key("write")
def create_webhook(body: WebhookCreate, runtime: RuntimeDep, response: Response) -> WebhookMadeOut:
    """Make a webhook; its secret is shown this once."""
    made = hooks.create(
        runtime.db,
        body.url,
        events=body.events,
        collection=body.collection,
        description=body.description,
        allow_private=runtime.settings.webhooks.allow_private,
    )
    response.headers["Location"] = f"/v1/webhooks/{made.view.id}"
    shown = WebhookOut.model_validate(made.view, from_attributes=True)
    return WebhookMadeOut(**shown.model_dump(), secret=made.secret)


@router.get("")
@any_key("write")
def list_webhooks(runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50) -> Page[WebhookOut]:
    """Your webhooks, oldest first."""
    found = hooks.page(runtime.db, cursor, limit)
    return Page(
        items=[WebhookOut.model_validate(view, from_attributes=True) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.get("/{webhook_id}")
@on_webhook("write")
def get_webhook(webhook_id: WebhookId, runtime: RuntimeDep) -> WebhookOut:
    """A webhook."""
    return WebhookOut.model_validate(hooks.get(runtime.db, webhook_id), from_attributes=True)


@router.patch("/{webhook_id}")
@on_webhook("write")
def change_webhook(webhook_id: WebhookId, body: WebhookChange, runtime: RuntimeDep) -> WebhookOut:
    """Send messages, or hold them back; events of the time in between are left out."""
    view = hooks.switch(runtime.db, webhook_id, enabled=body.enabled)
    return WebhookOut.model_validate(view, from_attributes=True)


@router.delete("/{webhook_id}", status_code=204)
@on_webhook("write")
def delete_webhook(webhook_id: WebhookId, runtime: RuntimeDep) -> Response:
    """Delete a webhook with its messages."""
    hooks.delete(runtime.db, webhook_id)
    return Response(status_code=204)


@router.post("/{webhook_id}/test", status_code=202)
@on_webhook("write")
def test_webhook(webhook_id: WebhookId, runtime: RuntimeDep) -> DeliveryOut:
    """Send a message `webhook.test`."""
    return DeliveryOut.model_validate(hooks.send_test(runtime.db, webhook_id), from_attributes=True)


@router.get("/{webhook_id}/deliveries")
@on_webhook("write")
def list_deliveries(
    webhook_id: WebhookId, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[DeliveryOut]:
    """Messages to a webhook, newest first."""
    found = hooks.deliveries(runtime.db, webhook_id, cursor, limit)
    return Page(
        items=[DeliveryOut.model_validate(view, from_attributes=True) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.post("/{webhook_id}/deliveries/{message_id}/replay", status_code=202)
@on_webhook("write")
def replay_delivery(webhook_id: WebhookId, message_id: MessageId, runtime: RuntimeDep) -> DeliveryOut:
    """Send a finished message again, under the same message id, after all that wait."""
    view = hooks.replay(runtime.db, webhook_id, message_id)
    return DeliveryOut.model_validate(view, from_attributes=True)
