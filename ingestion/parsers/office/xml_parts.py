"""Elements of large XML parts one after the other, without keeping the part's tree."""

import io
from collections.abc import Callable, Iterator

from lxml import etree


def elements(
    data: bytes, *names: str, on_damage: Callable[[int], None] | None = None
) -> Iterator[etree._Element]:
    """Elements of these local names in any namespace, each complete while it is looked at and then emptied.

    A damaged part is read as far as it makes sense. Neither document types nor entities are followed.

    Args:
        data: The part; nothing comes of an empty one.
        names: Local names.
        on_damage: Given the number of places that are not well-formed.
    """
    if not data:
        return
    context = etree.iterparse(
        io.BytesIO(data),
        tag=[f"{{*}}{name}" for name in names],
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        recover=True,
        huge_tree=False,
    )
    for _, element in context:
        yield element
        element.clear(keep_tail=True)
        while (before := element.getprevious()) is not None:
            before.getparent().remove(before)
    if on_damage is not None and len(context.error_log):
        on_damage(len(context.error_log))


def local_name(element: etree._Element | None) -> str:
    """Name of an element without its namespace; "" for a comment or nothing."""
    return "" if element is None or not isinstance(element.tag, str) else element.tag.rpartition("}")[2]
