"""What the fake interface says: an answer by the sentence that holds a word, one by a whole document, or none.

A question containing `whole` is answered by the document that holds its last word, line by line in its part: headings
begin with `#`, items with `-` or a number, code with four spaces, rows hold `|`. With `more`, something was left out.
"""

import re
from typing import Any

REFUSED = "No direct answer was found. The passages below come closest."


def ref(row: dict[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "name": row["name"], "title": row["title"]}


def last_word(question: str) -> str:
    return str(re.sub(r"[?？。.!]", "", question).split()[-1].lower())


def find_in(row: dict[str, Any], word: str) -> tuple[int, int] | None:
    """The sentence that holds a word."""
    for match in re.finditer(r"[^.。\n]+[.。]?", row["_text"]):
        if word in match[0].lower():
            return match.start() + len(match[0]) - len(match[0].lstrip()), match.end()
    return None


def find(rows: list[dict[str, Any]], question: str) -> tuple[dict[str, Any], int, int] | None:
    """The sentence that holds the question's last word, with its document."""
    for row in rows:
        if found := find_in(row, last_word(question)):
            return row, *found
    return None


def source(row: dict[str, Any], start: int, end: int, score: float) -> dict[str, Any]:
    return {"document": ref(row), "chunk": 1, "page": 1 + start // 2000, "start": start, "end": end,
            "quote": row["_text"][start:end], "score": score}  # fmt: skip


def refused(rows: list[dict[str, Any]], question: str) -> dict[str, Any]:
    """Nothing, with whole documents as the nearest passages; the sentence with the last word is the key one."""
    nearest = []
    for row in rows[:2]:
        key = find_in(row, last_word(question)) or (0, min(12, len(row["_text"])))
        whole = source(row, 0, len(row["_text"]), 0.2)
        nearest.append(whole | {"key_start": key[0], "key_end": key[1]})
    return {"text": REFUSED, "answerable": False, "reason": "not_in_documents", "confidence": 0.07, "shape": None,
            "spans": [], "citations": [], "nearest": nearest}  # fmt: skip


def by_sentence(
    rows: list[dict[str, Any]], question: str, found: tuple[dict[str, Any], int, int]
) -> dict[str, Any]:
    """A sentence, with a few words before it."""
    row, start, end = found
    lead, tail = "It is written: ", " Hold on." * (400 if "long" in question else 0)
    cited = source(row, start, end, 0.91)
    where = {"answer_start": len(lead), "answer_end": len(lead) + len(cited["quote"])}
    others = [(other, find_in(other, " ")) for other in rows if other is not row]
    also = [source(other, *place, 0.12) for other, place in others if place is not None]
    spans = [{"answer_start": 0, "answer_end": len(lead), "kind": "written"},
             where | {"kind": "copied", "chunk": 1, "start": start, "end": end}]  # fmt: skip
    return {"text": lead + cited["quote"] + tail, "answerable": True, "shape": "sentence", "nearest": [],
            "confidence": 0.62 if "perhaps" in question else 0.93,
            "citations": [{"n": 1} | where | cited | {"supported": "perhaps" not in question}],
            "spans": spans, "also": also[:2]}  # fmt: skip


def by_document(
    rows: list[dict[str, Any]], question: str, found: tuple[dict[str, Any], int, int]
) -> dict[str, Any]:
    """A document, drawn by its parts, the last word in bold."""
    row, word = found[0], last_word(question)
    text = row["_text"].rstrip("\n")
    where = {"answer_start": 0, "answer_end": len(text)}
    parts: list[dict[str, Any]] = []
    for match in re.finditer(r"(?: {4}[^\n]*\n?)+|[^\n]+", text):
        said = match[0].rstrip("\n")
        kind = "code" if said.startswith("    ") else "heading" if said.startswith("#") else "text"
        kind = "item" if re.match(r" *(?:-|\d+\.) ", said) and kind == "text" else kind
        kind = "row" if " | " in said and kind == "text" else kind
        parts.append({"answer_start": match.start(), "answer_end": match.start() + len(said), "kind": kind})
    at = text.lower().index(word)
    return {"text": text, "answerable": True, "confidence": 0.9, "shape": "list", "nearest": [],
            "citations": [{"n": 1} | where | source(row, 0, len(text), 0.9)], "parts": parts,
            "spans": [where | {"kind": "copied", "chunk": 1, "start": 0, "end": len(text)}],
            "phrase": word, "emphasis": [{"answer_start": at, "answer_end": at + len(word)}],
            "more": "more" in question}  # fmt: skip


def build_answer(
    answer_id: str, body: dict[str, Any], rows: list[dict[str, Any]]
) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """An answer from documents, and the events of its stream."""
    question = body["question"]
    found = None if "nothing" in question else find(rows, question)
    history = body.get("history") or []
    understood = f"{history[-1]['question']} {question}" if history and question.startswith("And ") else None
    answer: dict[str, Any] = {
        "id": answer_id, "question": question, "standalone_question": understood,
        "collections": body["collections"], "status": "running",
        "created_at": "2026-01-01T00:00:00Z", "model": "fake-1", "phrase": "",
        "emphasis": [], "parts": [], "more": False, "also": [], "unsupported": [], "reason": None,
        "usage": {"context_tokens": 900, "compressed_tokens": 240, "generated_tokens": 30},
        "timings_ms": {"embed": 8.0, "retrieve": 21.0, "rerank": 130.0, "compress": 12.0, "fuse": 64.0,
                       "first_token": 236.0, "total": 512.0},
    }  # fmt: skip
    meta = {"id": answer["id"], "question": question, "standalone_question": understood}
    events: list[tuple[str, dict[str, Any]]] = [("meta", meta)]
    if found is None:
        answer |= refused(rows, question)
        return answer, [*events, ("done", {"answer": answer})]
    answer |= (by_document if "whole" in question else by_sentence)(rows, question, found)
    for span in answer["spans"]:
        said = answer["text"][span["answer_start"] : span["answer_end"]]
        pieces = re.findall(r"\S+\s*|\s+", said) if span["kind"] == "copied" else [said]
        events += [("token", {"text": piece, "kind": span["kind"]}) for piece in pieces]
    events.append(("citation", answer["citations"][0]))
    tail = answer["text"][answer["spans"][-1]["answer_end"] :]
    events += [("token", {"text": piece, "kind": "written"}) for piece in re.findall(r" Hold on\.", tail)]
    return answer, [*events, ("done", {"answer": answer})]
