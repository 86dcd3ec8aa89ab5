"""Documents as a list that follows their progress: failed ones first, then running ones, then the rest."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ui import i18n, state
from ui.components.cards import Card, plain
from ui.errors import FathomError
from ui.wire import Document

_ORDER: Final = {"failed": 0, "ready": 3}
_BUSY, _WARNED = 1, 2


def is_busy(document: Document) -> bool:
    """Whether work on the document is still to come."""
    return document["status"] not in {"ready", "failed"}


def sorted_documents(documents: Sequence[Document]) -> list[Document]:
    """Failed first, then in progress, then ready with a warning, then ready; the interface's order within each."""
    return sorted(documents, key=lambda d: _WARNED if is_warned(d) else _ORDER.get(d["status"], _BUSY))


def is_warned(document: Document) -> bool:
    """Whether something is wrong with a document that is ready."""
    return document["status"] == "ready" and bool(document.get("warnings"))


def document_card(document: Document, *, manage: bool = True) -> Card:
    """The card of one document.

    Args:
        document: The document.
        manage: Whether it can be switched off and deleted from here.
    """
    status = document["status"]
    card: Card = {"id": document["id"], "name": document["name"], "state": i18n.status_text(status)}
    card["meta"] = _meta(document)
    card["actions"] = []
    if status == "failed":
        _fill_failed(card, document)
    elif is_busy(document):
        card["tone"] = "busy"
        progress = document.get("progress")
        total, done = (progress["total"], progress["done"]) if progress else (0, 0)
        card["progress"] = min(1.0, done / total) if total else 0.0
        if total:
            card["state"] = f"{i18n.status_text(status)} {done}/{total}"
    else:
        card["main"] = "view"
        enabled = document.get("enabled", True)
        card["tone"] = "ok" if enabled else "off"
        if not enabled:
            card["state"] = i18n.text("documents.disabled")
        if is_warned(document):
            _fill_warned(card, document)
        card["actions"].append(("view", i18n.text("common.view"), ""))
        if manage:
            label = i18n.text("documents.disable" if enabled else "documents.enable")
            card["actions"].append(("disable" if enabled else "enable", label, ""))
    if manage:
        card["actions"].append(("delete", i18n.text("common.delete"), "danger"))
    return card


def _fill_failed(card: Card, document: Document) -> None:
    card["tone"] = "bad"
    error = document.get("error")
    if error:
        if title := i18n.error_title(error["code"]):
            card["state"] += f" · {title}"
        card["lines"] = [plain(error["message"])]
        card["hint"] = i18n.error_hint(error["code"]) or error.get("hint") or ""
    card["actions"] = [("retry", i18n.text("common.retry"), "strong")]


def _fill_warned(card: Card, document: Document) -> None:
    """The badge and the reason; an unknown warning is shown in the interface's words."""
    card["tone"] = "warn"
    warning = document.get("warnings", [])[0]
    coverage = document.get("coverage")
    if warning["code"] != "text_left_out" or not coverage:
        card["lines"] = [plain(warning["message"])]
        card["hint"] = warning.get("hint") or ""
        return
    percent = max(1, round(100 * (1 - coverage["kept"] / coverage["visible"])))
    card["state"] += f" · {i18n.text('documents.text_left_out', percent=percent)}"
    card["lines"] = [plain(i18n.text("documents.text_left_out.words", words=", ".join(coverage["lost"])))]
    card["hint"] = i18n.text("documents.text_left_out.hint")


def _meta(document: Document) -> str:
    parts: list[str] = []
    if document.get("pages"):
        parts.append(i18n.count("documents.pages", document["pages"] or 0))
    if document["status"] == "ready":
        parts.append(i18n.count("documents.chunks", document.get("chunks") or 0))
    if document.get("size_bytes") is not None:
        parts.append(i18n.size_text(document["size_bytes"]))
    if document.get("language"):
        parts.append(str(document["language"]))
    parts += [f"#{tag}" for tag in document.get("tags") or []]
    dropped = document.get("dropped") or []
    if dropped:
        what = ", ".join(f"{d['what']} × {d['count']}" for d in dropped)
        parts.append(i18n.text("documents.dropped", what=what))
    return " · ".join(parts)


def document_actions(
    on_view: Callable[[str], None], on_delete: Callable[[str], None]
) -> Callable[[str, str], None]:
    """Actions of the buttons of a card.

    Args:
        on_view: Called with a document's id.
        on_delete: Called with a document's id; asks before it deletes.
    """
    calls: Mapping[str, Callable[[str], object]] = {
        "view": on_view,
        "delete": on_delete,
        "retry": lambda i: state.client().retry_document(i),
        "enable": lambda i: state.client().enable_document(i, enabled=True),
        "disable": lambda i: state.client().enable_document(i, enabled=False),
    }

    def act(what: str, document_id: str) -> None:
        try:
            calls[what](document_id)
        except FathomError as error:
            state.set_flash(error)

    return act
