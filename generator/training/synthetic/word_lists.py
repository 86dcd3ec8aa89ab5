"""Word lists as texts: easier to read, and to add to, than a literal of quoted words."""


def words_of(text: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(text.split())


def pairs_of(text: str) -> dict[str, str]:
    """The pairs of a list of `form/other`."""
    return dict(pair.split("/", 1) for pair in text.split())
