"""PDF files put together from their objects, for tests of what stands outside a page's own text."""

from collections.abc import Mapping, Sequence

HELVETICA = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"


def stream(content: str, entries: str = "") -> str:
    """A stream object with these entries in its dictionary."""
    return f"<< {entries} /Length {len(content)} >>\nstream\n{content}\nendstream"


def text(x: float, y: float, words: str, size: float = 11) -> str:
    """Words set at a place, in PDF operators."""
    return f"BT /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({words}) Tj ET"


def slanted(x: float, y: float, words: str, size: float = 40) -> str:
    """Words set at 45 degrees."""
    return f"BT /F1 {size} Tf 0.7071 0.7071 -0.7071 0.7071 {x} {y} Tm ({words}) Tj ET"


def drawn(content: str, width: float = 200, height: float = 18) -> str:
    """An appearance of an annotation."""
    return stream(
        content,
        f"/Type /XObject /Subtype /Form /BBox [0 0 {width} {height}] /Resources << /Font << /F1 3 0 R >> >>",
    )


def built(
    pages: Sequence[str],
    more: Mapping[int, str] | None = None,
    *,
    annotations: Sequence[int] = (),
    catalog: str = "",
    page: str = "",
    resources: str = "",
    info: str = "",
) -> bytes:
    """A PDF without a table of its objects, which readers make for themselves.

    Args:
        pages: Content streams; font /F1 is Helvetica, object 3.
        more: Further objects by number, from 100 on.
        annotations: Numbers of those that are annotations of the first page.
        catalog: Further entries of the catalog.
        page: Further entries of each page.
        resources: Further resources of each page.
        info: Entries of the document's information.
    """
    numbers = [10 + 2 * place for place in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        2: f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>",
        3: HELVETICA,
        4: f"<< {info} >>",
        **(more or {}),
    }
    for number, content in zip(numbers, pages, strict=True):
        links = " ".join(f"{link} 0 R" for link in annotations) if number == numbers[0] else ""
        objects[number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {page} /Annots [{links}] "
            f"/Resources << /Font << /F1 3 0 R >> {resources} >> /Contents {number + 1} 0 R >>"
        )
        objects[number + 1] = stream(content)
    body = "".join(f"{number} 0 obj\n{objects[number]}\nendobj\n" for number in sorted(objects))
    return f"%PDF-1.7\n{body}trailer\n<< /Size 200 /Root 1 0 R /Info 4 0 R >>\n%%EOF\n".encode("latin-1")
