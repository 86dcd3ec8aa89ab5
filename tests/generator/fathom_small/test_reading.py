"""Reading a set of passages: order, masking, caching and ranges."""

import pytest
import torch

from generator.errors import RequestError
from generator.fathom_small.reading import QUESTION_PENALTY, Reading, span_distribution
from generator.types import SourcePassage
from tests.generator.small_model import SmallModel

CAT = SourcePassage(key="cat", text="the cat sat on the mat. the dog ran to the park.")
TREATY = SourcePassage(key="treaty", text="条约在1992年签署。 the treaty was signed in Paris.")
QUESTION = "where was the treaty signed?"


def read(model: SmallModel, *passages: SourcePassage) -> Reading:
    return model.read(QUESTION, *passages)


def best_text(reading: Reading) -> str:
    passage, first, last, _ = span_distribution(reading).best()
    start, end = reading.ranges[passage][first][0], reading.ranges[passage][last][1]
    return reading.passages[passage].text[start:end]


def test_order_of_passages_means_nothing(small: SmallModel) -> None:
    one, other = read(small, CAT, TREATY), read(small, TREATY, CAT)
    assert best_text(one) == best_text(other)
    torch.testing.assert_close(one.read.relevance_B, other.read.relevance_B.flip(0), atol=1e-5, rtol=1e-5)
    a, b = span_distribution(one), span_distribution(other)
    torch.testing.assert_close(a.log_joint_PSS, b.log_joint_PSS.flip(0), atol=1e-4, rtol=1e-4)


def test_weight_zero_equals_removal(small: SmallModel) -> None:
    ignored = SourcePassage(key="cat", text=CAT.text, weight=0.0)
    assert [p.key for p in read(small, ignored, TREATY).passages] == ["treaty"]
    assert small.reader().read(QUESTION, [ignored]) is None


@pytest.mark.parametrize("mark", ["?", "？"])
def test_a_sentence_that_asks_is_less_likely_to_answer(small: SmallModel, mark: str) -> None:
    text = f"where was the treaty signed{mark} the treaty was signed in Paris."
    asked = text.index(mark) + 1
    told = SourcePassage(key="page", text=text)
    known = SourcePassage(key="page", text=text, sentences=[(0, asked), (asked + 1, len(text))])
    before, after = read(small, told), read(small, known)
    for (start, end), one, other in zip(
        before.ranges[0], before.read.start_BS[0], after.read.start_BS[0], strict=True
    ):
        penalty = QUESTION_PENALTY if start < end <= asked else 0.0
        assert float(one - other) == pytest.approx(penalty, abs=1e-4) or not torch.isfinite(one)
    assert not after.read.end_BS.equal(before.read.end_BS)


@pytest.mark.parametrize("gap", ["\n\n", "\n \n", " \n\n\n"])
def test_no_span_goes_from_one_block_into_another(small: SmallModel, gap: str) -> None:
    text = f"the cat sat on the mat{gap}the dog ran to the park\nthe treaty was signed in Paris"
    reading = read(small, SourcePassage(key="blocks", text=text))
    first, second = text.index(gap), text.index("the dog")
    allowed = torch.isfinite(span_distribution(reading).log_joint_PSS[0]).nonzero().tolist()
    spans = [(reading.ranges[0][a][0], reading.ranges[0][b][1]) for a, b in allowed]
    assert all(end <= first or start >= second for start, end in spans)
    assert any(end <= first for _, end in spans)
    assert any(start < text.index("\nthe treaty") < end for start, end in spans), (
        "lines of a block go together"
    )


def test_cached_memory_gives_identical_results(small: SmallModel) -> None:
    reader = small.reader()
    first = reader.read(QUESTION, [CAT])
    second = reader.read(QUESTION, [CAT])
    assert first is not None
    assert second is not None
    assert (reader.memories.hits, reader.memories.misses) == (1, 1)
    assert torch.equal(first.read.start_BS, second.read.start_BS)


def test_pieces_map_to_the_text_they_stand_for(small: SmallModel) -> None:
    reading = read(small, TREATY)
    joined = "".join(TREATY.text[a:b] for a, b in reading.ranges[0])
    assert joined == TREATY.text.replace(" ", "")


def test_only_kept_ranges_are_read_and_no_span_crosses_a_gap(small: SmallModel) -> None:
    kept = SourcePassage(key="cat", text=CAT.text, kept=[(0, 7), (24, 31)])
    reading = read(small, kept)
    texts = {CAT.text[a:b] for a, b in reading.ranges[0] if b > a}
    assert "mat" not in texts
    assert {"cat", "dog"} <= texts
    distribution = span_distribution(reading)
    finite = torch.isfinite(distribution.log_joint_PSS[0])
    segments = reading.segment_PS[0]
    for first, last in finite.nonzero().tolist():
        assert segments[first] == segments[last] >= 0


def test_span_probabilities_and_null_sum_to_one(small: SmallModel) -> None:
    distribution = span_distribution(read(small, CAT, TREATY))
    answered = float(distribution.log_joint_PSS.exp().sum())
    null = 1 / (1 + torch.tensor(distribution.answerable_logit).exp())
    assert answered + float(null) == pytest.approx(1.0, abs=1e-4)


def test_text_longer_than_the_window_is_read_whole(small: SmallModel) -> None:
    long = SourcePassage(
        key="long", text=" ".join(["the cat sat on the mat."] * 40) + " the treaty was signed in Paris."
    )
    reading = small.reader(window=64).read(QUESTION, [long])
    assert reading is not None
    covered = "".join(long.text[a:b] for a, b in reading.ranges[0])
    assert covered == long.text.replace(" ", "")


def test_empty_question_is_refused(small: SmallModel) -> None:
    with pytest.raises(RequestError, match="empty"):
        small.reader().read("  \n", [CAT])
