"""An answer as a text to keep elsewhere: Markdown with its sources."""

from collections.abc import Sequence

from ui.wire import Answer, Citation


def as_markdown(answer: Answer, sources: str) -> str:
    """The question, the answer with the numbers of its citations, and each quote under its document.

    Args:
        answer: A stored answer.
        sources: Heading above the quotes.
    """
    citations = answer.get("citations") or []
    parts = [f"# {_line(answer['question'])}", with_numbers(answer["text"], citations)]
    if citations:
        parts.append(f"## {sources}")
        parts += [_source(citation) for citation in citations]
    return "\n\n".join(parts) + "\n"


def with_numbers(text: str, citations: Sequence[Citation]) -> str:
    """The text of an answer with `[n]` after each cited stretch."""
    for citation in sorted(citations, key=lambda c: (c["answer_end"], c["n"]), reverse=True):
        end = citation["answer_end"]
        text = f"{text[:end]} [{citation['n']}]{text[end:]}"
    return text


def _source(citation: Citation) -> str:
    document, page = citation["document"], citation.get("page")
    name = document.get("title") or document["name"]
    place = ", ".join(
        filter(None, [document["name"] if document["name"] != name else "", f"p. {page}" if page else ""])
    )
    quote = "\n".join(f"   > {line}" for line in citation["quote"].strip().splitlines())
    return f"{citation['n']}. {_line(name)}" + (f" ({_line(place)})" if place else "") + f"\n\n{quote}"


def _line(text: str) -> str:
    return " ".join(text.split())
