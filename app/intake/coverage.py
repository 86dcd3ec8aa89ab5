"""The warning for a document whose text covers too little of its file."""

from app.db.views import DocumentView

TEXT_LEFT_OUT = "text_left_out"
MIN_LOST_CHARS = 20
"""Fewer lost characters warn nobody: of a short file, a page number alone is several percent."""


def warnings_of(view: DocumentView, min_coverage: float) -> list[dict[str, str]]:
    """Warnings about a document that is ready, each with `code`, `message` and `hint`.

    Args:
        view: The document.
        min_coverage: Least share of the visible characters that is kept without a warning.
    """
    coverage = view.newest_content.coverage if view.newest_content else None
    if not coverage:
        return []
    visible, kept = coverage["visible"], coverage["kept"]
    if visible - kept < MIN_LOST_CHARS or kept >= min_coverage * visible:
        return []
    percent = max(1, round(100 * (visible - kept) / visible))
    missing = ", ".join(coverage["lost"])
    return [
        {
            "code": TEXT_LEFT_OUT,
            "message": f"About {percent} % of the visible text of the file is not in what is searched: {missing}.",
            "hint": "Compare the document with its file. If you need what is missing, save the file as PDF or DOCX "
            "and upload that; what is left out on purpose is listed with the document.",
        }
    ]
