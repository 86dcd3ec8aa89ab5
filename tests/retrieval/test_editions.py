"""A year or a version in the question prefers the document that carries it."""

import pytest

from retrieval.editions import PREFERENCE, by_edition, names_edition, versions_of, years_of
from retrieval.types import Hit, Passage


def passage(number: int, name: str = "", title: str = "", headings: tuple[str, ...] = ()) -> Passage:
    return Passage(chunk_id=number, document_id=str(number), text="x", start=0, end=1, name=name, title=title,
                   heading_path=headings)  # fmt: skip


def ordered(question: str, *passages: Passage, step: float = 0.01) -> list[int]:
    """Chunk ids, of hits in the order of the passages, a step apart."""
    hits = [Hit(chunk_id=p.chunk_id, score=1 - step * rank) for rank, p in enumerate(passages)]
    return [hit.chunk_id for hit in by_edition(question, hits, {p.chunk_id: p for p in passages})]


OLD, NEW = passage(1, "公司法(2018-10-26).md"), passage(2, "公司法(2023-12-29).md")


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("2023年公司法规定的出资期限？", 2),
        ("2018年的公司法规定的出资期限？", 1),
        ("公司法规定的出资期限？", 1),
    ],
)
def test_the_edition_of_the_year_asked_for_comes_first(question: str, first: int) -> None:
    assert ordered(question, OLD, NEW)[0] == first


@pytest.mark.parametrize(
    "labelled",
    [
        passage(2, name="manual-v1.2.pdf"),
        passage(2, title="Manual, version 1.2"),
        passage(2, headings=("v1.2",)),
    ],
)
def test_a_version_may_stand_in_name_title_or_heading(labelled: Passage) -> None:
    other = passage(1, title="Manual, version 1.1")
    assert ordered("What is new in version 1.2?", other, labelled) == [2, 1]
    assert ordered("What is new in v1.1?", labelled, other) == [1, 2]


def test_another_year_loses_to_a_document_without_one() -> None:
    assert ordered("What happened in 2021?", passage(1, "report-2019.pdf"), passage(2, "report.pdf")) == [
        2,
        1,
    ]


def test_what_fits_much_better_stays_first() -> None:
    assert ordered("2023年？", passage(1, "甲.md"), NEW, step=2 * PREFERENCE) == [1, 2]


def test_what_names_no_edition_is_not_changed() -> None:
    hits = [Hit(chunk_id=1, score=0.5), Hit(chunk_id=2, score=0.4)]
    assert by_edition("What is a quota?", hits, {1: OLD, 2: NEW}) == hits


def test_scores_and_ranks_are_kept_and_unknown_passages_stay_behind() -> None:
    hits = [
        Hit(chunk_id=9, score=3.0),
        Hit(chunk_id=1, score=0.5, ranks={"fused": 2}),
        Hit(chunk_id=2, score=0.45),
    ]
    found = by_edition("2023年？", hits, {1: OLD, 2: NEW})
    assert [hit.chunk_id for hit in found] == [2, 1, 9]
    assert found[1].ranks == {"fused": 2, "edition": 2}
    assert found[0].scores == {"edition": pytest.approx(0.45 + PREFERENCE)}


@pytest.mark.parametrize(
    ("text", "years"),
    [("2023年公司法", {"2023"}), ("law(2018-10-26).md", {"2018"}), ("from 1999 to 2001", {"1999", "2001"}),
     ("12023", set()), ("20231", set()), ("10.2019", set()), ("1234", set())],
)  # fmt: skip
def test_years(text: str, years: set[str]) -> None:
    assert years_of(text) == years


@pytest.mark.parametrize(
    ("text", "versions"),
    [("in version 1.1", {"1.1"}), ("v1.2.3?", {"1.2.3"}), ("1.2版", {"1.2"}), ("a rise of 1.5 percent", set()),
     ("version 2", set())],
)  # fmt: skip
def test_versions(text: str, versions: set[str]) -> None:
    assert versions_of(text) == versions
    assert names_edition(text) is bool(versions)
