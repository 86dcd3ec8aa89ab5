import pytest

from benchmarks.rouge import rouge_l


@pytest.mark.parametrize(
    ("prediction", "gold", "by_character", "wanted"),
    [
        ("the cat sat on the mat", "the cat lay on a mat", False, 2 * 4 / 12),  # the cat on mat
        ("mat the on cat", "the cat on mat", False, 2 * 2 / 8),
        ("police killed the gunman", "police kill the gunman", False, 0.75),
        ("猫坐在垫子上。", "猫在垫子", True, 2 * 4 / 10),
        ("same words", "same words", False, 1.0),
        ("", "words", False, 0.0),
        ("", "", False, 0.0),
    ],
)
def test_rouge_l_as_computed_by_hand(prediction, gold, by_character, wanted):
    assert rouge_l(prediction, [gold, "zzz"], by_character=by_character) == pytest.approx(wanted)
