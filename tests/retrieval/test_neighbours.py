"""Sections around hits: contiguous, within the section, nothing twice."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from retrieval.neighbours import expand, section_around
from retrieval.types import Hit, Passage

PATHS = st.lists(
    st.sampled_from([(), ("A",), ("A", "x"), ("A", "y"), ("B",), ("B", "x")]), min_size=1, max_size=12
)


def document(paths, name="d", first=0):
    """Passages of ten characters that tile a text."""
    return [
        Passage(
            chunk_id=first + i,
            document_id=name,
            text="0123456789",
            start=10 * i,
            end=10 * i + 10,
            heading_path=p,
        )
        for i, p in enumerate(paths)
    ]


def ids(passages):
    return [passage.chunk_id for passage in passages]


@given(PATHS, st.data())
def test_the_section_is_the_longest_run_around_a_passage_under_its_headings(paths, data):
    passages = document(paths)
    place = data.draw(st.integers(0, len(paths) - 1))
    path = paths[place]

    def under(i):
        return paths[i][: len(path)] == path

    first, last = place, place
    while first > 0 and under(first - 1):
        first -= 1
    while last + 1 < len(paths) and under(last + 1):
        last += 1
    beside = data.draw(st.permutations([p for p in passages if p.chunk_id != place]))
    around = ids(section_around(passages[place], beside))
    assert around == [i for i in range(first, last + 1) if i != place]


def test_sub_sections_belong_to_their_section_and_not_the_other_way_round():
    passages = document([("A",), ("A", "x"), ("A", "x"), ("A", "y"), ("B",)])
    assert ids(section_around(passages[0], passages[1:])) == [1, 2, 3]
    assert ids(section_around(passages[1], [p for p in passages if p.chunk_id != 1])) == [2]


def test_a_missing_passage_ends_the_section():
    passages = document([()] * 5)
    assert ids(section_around(passages[2], [passages[0], passages[3], passages[4]])) == [3, 4]


def test_a_passage_without_length_ends_it_too():
    passages = document([()] * 2)
    empty = replace(passages[1], end=passages[1].start)
    assert section_around(passages[0], [empty]) == []


def test_neighbours_come_once_by_the_best_hit_and_never_instead_of_a_hit():
    passages = document([()] * 5) + document([()] * 2, name="e", first=10)
    by_id = {p.chunk_id: p for p in passages}
    hits = [Hit(chunk_id=i, score=s) for i, s in ((1, 0.9), (3, 0.8), (10, 0.7))]
    beside = {1: [by_id[0], by_id[2]], 3: [by_id[2], by_id[4]], 10: [by_id[11]]}
    found = expand(hits, by_id, beside)
    assert [(h.chunk_id, h.score, dict(h.ranks)) for h, _ in found] == [
        (0, 0.9, {"neighbours": 1}),
        (2, 0.9, {"neighbours": 1}),
        (4, 0.8, {"neighbours": 2}),
        (11, 0.7, {"neighbours": 3}),
    ]
    assert all(hit.chunk_id == passage.chunk_id for hit, passage in found)
    assert expand(hits, by_id, {}) == []
