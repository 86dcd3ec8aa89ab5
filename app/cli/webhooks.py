"""`fathom webhooks`: messages to other programs about finished jobs and changed answers."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli.output import SOME_FAILED, JsonFlag, open_runtime, print_json, results, table_of, visible

if TYPE_CHECKING:
    from app.webhooks.hooks import DeliveryView, WebhookView

PAGE = 200

webhooks_app = typer.Typer(
    name="webhooks",
    help="Addresses that are told of finished jobs and changed answers.",
    no_args_is_help=True,
)

Webhook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="Its id.")]


@webhooks_app.callback()
def group() -> None:
    """Messages are signed after Standard Webhooks, and sent by the server; docs/webhooks.md has a receiver."""


@webhooks_app.command("add")
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="An http or https address.")],
    event: Annotated[
        list[str] | None, typer.Option(help="A type of events; repeatable. All by default.")
    ] = None,
    collection: Annotated[str | None, typer.Option(help="Only events of this collection.")] = None,
    description: Annotated[str, typer.Option(help="For people.")] = "",
    as_json: JsonFlag = False,
) -> None:
    """Make a webhook and print its secret, which is shown this once."""
    from app.webhooks import hooks

    with open_runtime(context) as runtime:
        made = hooks.create(
            runtime.db,
            url,
            events=event or (),
            collection=collection,
            description=description,
            allow_private=runtime.settings.webhooks.allow_private,
        )
    if as_json:
        print_json(_plain(made.view) | {"secret": made.secret})
        return
    print(f"{made.view.id} is made. Its secret, shown this once:")
    print(made.secret)


@webhooks_app.command("list")
def list_all(context: typer.Context, as_json: JsonFlag = False) -> None:
    """List all webhooks."""
    from app.webhooks import hooks

    found: list[WebhookView] = []
    with open_runtime(context) as runtime:
        cursor: str | None = None
        while True:
            page = hooks.page(runtime.db, cursor, PAGE)
            found += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
    if as_json:
        print_json({"items": [_plain(view) for view in found]})
        return
    rows = [
        [
            view.id,
            view.url,
            ", ".join(view.events),
            view.collection_id or "all",
            "yes" if view.enabled else "no",
        ]
        for view in found
    ]
    results(200).print(table_of("Webhooks", ["id", "url", "events", "collection", "enabled"], rows))


@webhooks_app.command("enable")
def enable(
    context: typer.Context,
    webhook: Webhook,
    off: Annotated[bool, typer.Option("--off", help="Hold messages back instead.")] = False,
) -> None:
    """Send messages to a webhook, or hold them back."""
    from app.webhooks import hooks

    with open_runtime(context) as runtime:
        hooks.switch(runtime.db, webhook, enabled=not off)
    print(f"{webhook} is {'switched off' if off else 'enabled'}.")


@webhooks_app.command("remove")
def remove(context: typer.Context, webhook: Webhook) -> None:
    """Delete a webhook with its messages."""
    from app.webhooks import hooks

    with open_runtime(context) as runtime:
        hooks.delete(runtime.db, webhook)
    print(f"{webhook} is deleted.")


@webhooks_app.command("test")
def send_test(context: typer.Context, webhook: Webhook) -> None:
    """Send a test message now, with all that wait before it; ends with 6 where it does not arrive."""
    from app.webhooks import hooks
    from app.webhooks.delivery import Delivery

    with open_runtime(context) as runtime:
        sent = hooks.send_test(runtime.db, webhook)
        Delivery(db=runtime.db, settings=runtime.settings.webhooks).deliver_all()
        view = next(
            one for one in hooks.deliveries(runtime.db, webhook, None, PAGE).items if one.id == sent.id
        )
    print(_line(view))
    if view.state != "delivered":
        raise typer.Exit(SOME_FAILED)


@webhooks_app.command("deliveries")
def deliveries(
    context: typer.Context,
    webhook: Webhook,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="Most messages.")] = 20,
    as_json: JsonFlag = False,
) -> None:
    """List the newest messages of a webhook."""
    from app.webhooks import hooks

    with open_runtime(context) as runtime:
        found = hooks.deliveries(runtime.db, webhook, None, limit).items
    if as_json:
        print_json({"items": [_plain(view) for view in found]})
        return
    for view in found:
        print(_line(view))


@webhooks_app.command("replay")
def replay(
    context: typer.Context,
    webhook: Webhook,
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Its id, as `deliveries` shows it.")],
) -> None:
    """Send a finished message again, under the same message id; the server sends it."""
    from app.webhooks import hooks

    with open_runtime(context) as runtime:
        view = hooks.replay(runtime.db, webhook, message)
    print(_line(view))


def _line(view: "DeliveryView") -> str:
    told = f": {visible(view.error)}" if view.error else ""
    times = f", {view.attempts} attempts" if view.attempts != 1 else ""
    moment = view.created_at.isoformat(timespec="seconds")
    return f"{view.id}  {moment}  {view.event}  {view.message_id}  {view.state}{times}{told}"


def _plain(view: "WebhookView | DeliveryView") -> dict[str, Any]:
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in asdict(view).items()
    }
