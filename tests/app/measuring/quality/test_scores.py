import numpy as np
import pytest

from app.measuring.quality.scores import (
    auroc,
    bootstrap_interval,
    confidence_interval,
    contains_answer,
    exact_match,
    f1,
    normalise,
    percentile,
)


@pytest.mark.parametrize(
    ("text", "by_character", "wanted"),
    [
        ("The  Eiffel Tower!", False, "eiffel tower"),
        ("U.S.", False, "us"),
        ("an apple a day", False, "apple day"),
        ("theatre", False, "theatre"),
        ("1786年2月2日，", True, "1786年2月2日"),
        ("《跑跑卡丁车》 Ｎexon", True, "跑跑卡丁车nexon"),
    ],
)
def test_normalises_by_the_rule_of_the_language(text, by_character, wanted):
    assert normalise(text, by_character=by_character) == wanted


def test_exact_match_takes_any_gold_answer():
    assert exact_match("the Obama", ["Bush", "Obama"], by_character=False) == 1.0
    assert exact_match("Barack Obama", ["Obama"], by_character=False) == 0.0
    assert exact_match("歐洲。", ["歐洲"], by_character=True) == 1.0


def test_f1_by_words_as_computed_by_hand():
    # predicted: in june 1998 (3 words); gold: june 1998 season finale (4); common 2: P 2/3, R 2/4
    assert f1("in June 1998", ["June 1998, season finale"], by_character=False) == pytest.approx(4 / 7)
    assert f1("in June 1998", ["nothing", "June 1998, season finale"], by_character=False) == pytest.approx(
        4 / 7
    )


def test_f1_by_characters_as_computed_by_hand():
    # 那须盐原 (4) against 那须盐原市 (5): P 1, R 4/5
    assert f1("那须盐原", ["那须盐原市"], by_character=True) == pytest.approx(8 / 9)


def test_f1_counts_a_repeated_word_once_per_occurrence():
    # common: "no" twice, not three times: P 2/3, R 2/2
    assert f1("no no no", ["no no"], by_character=False) == pytest.approx(0.8)


def test_f1_of_nothing():
    assert f1("", ["something"], by_character=False) == 0.0
    assert f1("the", ["a"], by_character=False) == 1.0  # both normalise to nothing
    assert f1("x", [], by_character=False) == 0.0


def test_contains_answer_at_word_bounds_in_english_only():
    assert contains_answer("It was the Eiffel Tower.", ["Eiffel tower"], by_character=False)
    assert not contains_answer("Artful", ["art"], by_character=False)
    assert contains_answer("学术研究由德国学者开创。", ["德国学者"], by_character=True)
    assert not contains_answer("anything", ["the"], by_character=False)


def test_auroc_as_computed_by_hand():
    # positives .9 .4, negatives .5 .1: pairs won 2 + 1 of 4
    assert auroc([0.9, 0.5, 0.4, 0.1], [True, False, True, False]) == pytest.approx(0.75)
    assert auroc([0.5, 0.5], [True, False]) == pytest.approx(0.5)
    assert auroc([0.2, 0.8], [True, True]) is None
    assert auroc([None, None], [True, False]) is None  # a generator that gives no confidence


def test_percentiles_and_interval():
    assert percentile([1, 2, 3, 4], 50) == pytest.approx(2.5)
    assert confidence_interval([0.7] * 20) == pytest.approx((0.7, 0.7))
    low, high = confidence_interval([0.0, 1.0] * 200)
    # standard error of the mean is 0.5 / 20 = 0.025; 1.96 of it on each side
    assert low == pytest.approx(0.451, abs=0.015)
    assert high == pytest.approx(0.549, abs=0.015)


def test_the_interval_of_any_figure_is_that_of_the_mean_for_the_mean():
    values = np.asarray([0.0, 1.0, 1.0, 0.3, 0.2, 0.9])
    of_any = bootstrap_interval(lambda picks: float(values[picks].mean()), len(values))
    assert of_any == confidence_interval(values.tolist())
    assert bootstrap_interval(lambda picks: None, 5) is None


def test_samples_for_which_a_figure_is_not_defined_are_left_out():
    labels = np.asarray([True] + [False] * 4)
    scores = np.asarray([0.9, 0.1, 0.2, 0.3, 0.4])
    # a third of the samples lack the only positive; in the others it wins every pair
    assert bootstrap_interval(lambda picks: auroc(scores[picks], labels[picks]), 5) == (1.0, 1.0)


def test_intervals_depend_on_the_seed_alone():
    values = np.arange(30.0)
    first, again, other = (
        bootstrap_interval(lambda picks: float(np.median(values[picks])), 30, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again != other
