"""Words of a question in texts of the other language: names and commands as they are, other words by the word list.

Translations of a word are one term of the question, found where any of them is, and as rare as the commonest of them:
an ambiguous word does not weigh more than a clear one, and an odd translation not more than the usual one. Reference:
Pirkola, "The effects of query structure and dictionary setups in dictionary-based cross-language information
retrieval", SIGIR 1998.
"""

from collections.abc import Callable, Sequence

import tantivy

from retrieval.index.word_list import Reading, WordList

TRANSLATED = 0.8
"""Weight of a translation beside the word itself (1.0): it may be the wrong one."""
STEP_BACK = 0.9
"""Of a share in another language: a text in the question's own that says as much comes first."""
UNKNOWN = 0.3
"""Share of its rarity by which a word counts that no text has in any form: it may be there as a word not listed."""

Rarity = Callable[[str], float | None]
"""Inverse document frequency of an index term, or None where no text has it."""


def crossed_query(
    schema: tantivy.Schema, terms: Sequence[str], words: WordList | None, rarity: Rarity, rarest: float
) -> tuple[tantivy.Query | None, float]:
    """A query for texts in another language than the question's.

    Args:
        schema: Of an index with the field "words".
        terms: Index terms of the question, without those of pairs of characters.
        words: What they are called in the other language, or None to find only what is the same in both.
        rarity: Of the index.
        rarest: Rarity of a term that no text has.

    Returns:
        The query, None where no text can be found by it, and what a text of mean length scores that has every term
        once, or a little more.
    """
    clauses: list[tuple[tantivy.Occur, tantivy.Query]] = []
    whole = 0.0
    for term in terms:
        own = rarity(term)
        known = [(reading, rare) for reading in (words.readings(term) if words else ())
                 if (rare := _worth(reading, rarity)) is not None]  # fmt: skip
        worth = min((rare for _, rare in known), default=0.0)
        ways = [_reading(schema, reading, worth / rare) for reading, rare in known]
        if own is not None:
            ways.append(_term(schema, term, 1.0))
        if not ways:
            whole += UNKNOWN * rarest
            continue
        whole += worth if known else own or 0.0
        clauses.append((tantivy.Occur.Should, tantivy.Query.disjunction_max_query(ways)))
    return (tantivy.Query.boolean_query(clauses) if clauses else None), whole / STEP_BACK


def _worth(reading: Reading, rarity: Rarity) -> float | None:
    """Mean rarity of the words of a reading; None where one of them is nowhere."""
    found = [rarity(word) for word in reading]
    present = [value for value in found if value is not None]
    return sum(present) / len(present) if present and len(present) == len(found) else None


def _reading(schema: tantivy.Schema, reading: Reading, share: float) -> tantivy.Query:
    boost = TRANSLATED * share / len(reading)
    parts = [(tantivy.Occur.Should, _term(schema, word, boost)) for word in reading]
    return tantivy.Query.boolean_query(parts)


def _term(schema: tantivy.Schema, term: str, boost: float) -> tantivy.Query:
    return tantivy.Query.boost_query(tantivy.Query.term_query(schema, "words", term, "freq"), boost)
