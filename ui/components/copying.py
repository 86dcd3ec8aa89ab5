"""A button that copies a text to the clipboard."""

from ui import i18n
from ui.components.mount import mount


def copy_button(text: str, *, label: str, key: str, shown: bool = False) -> None:
    """Draw the button.

    Args:
        text: Text to copy, plain.
        label: Label of the button.
        key: Names this button within the page.
        shown: Whether the text stands beside the button.
    """
    data = {
        "text": text,
        "label": label,
        "done": i18n.text("common.copied"),
        "failed": i18n.text("common.copy_failed"),
        "shown": shown,
    }
    mount("copy", data, key=key, triggers={})
