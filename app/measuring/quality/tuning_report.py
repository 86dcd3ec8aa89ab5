"""Summary of tuning: the values, and their gain on questions that did not choose them."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from app.measuring.quality.asking import Note
from app.measuring.quality.scores import confidence_interval
from app.measuring.quality.tuning import Tuning, answer_score


def summarise(tuning: Tuning) -> dict[str, Any]:
    """Output of `fathom tune --json`: values, and the figures of the held-out part with paired intervals."""
    k_before, k_after = tuning.present.k, tuning.tuned.k
    figures = {
        name: compared
        for name, before, after in (
            ("answers", answer_score, answer_score),
            (
                "mrr",
                lambda note: _reciprocal_rank(note, k_before),
                lambda note: _reciprocal_rank(note, k_after),
            ),
            ("context_recall", _context_hit, _context_hit),
        )
        if (compared := _compared(tuning.held_out, before, after)) is not None
    }
    figure = next(iter(figures), None)
    return {
        "n_train": tuning.train,
        "n_held_out": len(tuning.held_out),
        "split_by": "article" if tuning.by_article else "question",
        "present": asdict(tuning.present),
        "tuned": asdict(tuning.tuned),
        "changes": tuning.changes,
        "held_out": figures,
        "figure": figure,
        "gain": figures[figure]["gain"] if figure else None,
        "tried": [
            {**asdict(item.values), "figure": item.figure, "score": round(item.score, 4)}
            for item in tuning.tried
        ],
        "documents": tuning.documents,
        "chunks": tuning.chunks,
    }


def _compared(
    pairs: Sequence[tuple[Note, Note]],
    before: Callable[[Note], float | None],
    after: Callable[[Note], float | None],
) -> dict[str, Any] | None:
    """Means before and after, and the gain with the interval of the paired differences; None without figures."""
    scored = [
        (old, new)
        for left, right in pairs
        if (old := before(left)) is not None and (new := after(right)) is not None
    ]
    if not scored:
        return None
    old, new = np.asarray(scored, dtype=np.float64).T
    low, high = confidence_interval((new - old).tolist())
    return {
        "n": len(scored),
        "present": round(float(old.mean()), 4),
        "tuned": round(float(new.mean()), 4),
        "gain": round(float((new - old).mean()), 4),
        "gain_ci95": [round(low, 4), round(high, 4)],
    }


def _reciprocal_rank(note: Note, k: int) -> float | None:
    """1 over the rank of the right passage among the first `k` that are found; None where no place is known."""
    if not note.ranks:
        return None
    rank = next(note.ranks[stage] for stage in ("capped", "mmr", "rerank", "fused") if stage in note.ranks)
    return 1 / rank if 0 < rank <= k else 0.0


def _context_hit(note: Note) -> float | None:
    """Whether the context that was read holds an answer whole; None where no place is known."""
    return float(note.ranks["compressed"] > 0) if note.ranks else None
