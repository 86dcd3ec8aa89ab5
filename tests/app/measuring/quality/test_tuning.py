"""`fathom tune`: the split, the choice, and what the held-out part says."""

import json
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.library import collections
from app.measuring.quality import tuning as tuning_module
from app.measuring.quality.asking import Note
from app.measuring.quality.judge import score_answer
from app.measuring.quality.run import ingest_articles
from app.measuring.quality.truth import read_truth
from app.measuring.quality.tuning import FEWEST, TuneOptions, Tuning, Values, answer_score, split, tune
from app.measuring.quality.tuning_report import summarise
from app.measuring.questions.datasets import DatasetError, Question, Selection, build
from app.measuring.questions.formats import read
from tests.app.copying_generator import CopyingGenerator

PRESENT = Values(dense_weight=1.0, lexical_weight=2.0, mmr_lambda=1.0, k=8, context_tokens=640)
BIRDS = ["duck", "goose", "swan", "heron", "stork", "crane"]


@pytest.fixture
def generator():
    return CopyingGenerator()


def question(number, article=0, answers=("yes",)):
    return Question(
        id=str(number), text=f"Question {number}?", answers=tuple(answers), article=article, paragraph=0,
        evidence=(), asked_of=(article,),
    )  # fmt: skip


def note(item, ranks, f1=None, *, answered=True):
    score = None
    if f1 is not None:
        score = replace(
            score_answer(
                item.answers, text="x" if answered else "", phrase="x", sentences=[], confidence=0.5, shape=None,
                by_character=False,
            ),
            f1=f1,
        )  # fmt: skip
    return Note(question=item, answerable=item.answerable, ranks=ranks, retrieved=score)


@given(st.lists(st.integers(0, 6), min_size=FEWEST, max_size=60), st.floats(0.1, 0.9), st.integers(0, 99))
def test_questions_are_parted_whole_articles_to_a_side(articles, share, seed):
    questions = [question(n, article) for n, article in enumerate(articles)]
    train, held_out, by_article = split(questions, share, seed)
    assert train
    assert held_out
    assert sorted(int(q.id) for q in (*train, *held_out)) == list(range(len(articles)))
    assert by_article == (len(set(articles)) > 1)
    if by_article:
        assert not {q.article for q in train} & {q.article for q in held_out}
    assert (train, held_out, by_article) == split(questions, share, seed)


def test_parts_have_about_the_share_that_was_asked_for():
    questions = [question(n, n // 2) for n in range(100)]
    for share in (0.2, 0.5, 0.8):
        train, _, _ = split(questions, share, seed=3)
        assert len(train) == pytest.approx(100 * share, abs=2)


def test_too_few_questions_are_refused():
    with pytest.raises(DatasetError, match="too few"):
        split([question(n) for n in range(FEWEST - 1)], 0.5, 0)


def test_a_refusal_is_right_where_there_is_no_answer():
    unanswerable = question(1, answers=())
    assert answer_score(note(unanswerable, {}, 0.0, answered=False)) == 1
    assert answer_score(note(unanswerable, {}, 0.0)) == 0
    assert answer_score(note(question(1), {}, 0.25)) == 0.25
    assert answer_score(note(question(1), {})) is None


def tuning(*pairs, tuned=PRESENT):
    return Tuning(
        present=PRESENT,
        tuned=tuned,
        train=8,
        by_article=True,
        tried=(),
        held_out=pairs,
        documents=1,
        chunks=1,
    )


def ranked(rank, compressed, f1=None, stage="fused"):
    return note(
        question(1), {"dense": 9, "lexical": 9, "fused": 9, stage: rank, "compressed": compressed}, f1
    )


def test_the_gain_is_that_of_the_same_questions():
    better = replace(PRESENT, k=4, mmr_lambda=0.6)
    result = summarise(
        tuning(
            (ranked(2, 1, 0.5), ranked(1, 1, 1.0, "mmr")),
            (ranked(4, 0, 0.2), ranked(5, 1, 0.2, "mmr")),  # beyond the tuned k: not found
            tuned=better,
        )
    )
    assert result["changes"] == {"k": 4, "mmr_lambda": 0.6}
    assert (result["figure"], result["gain"]) == ("answers", 0.25)
    mrr = result["held_out"]["mrr"]
    assert (mrr["present"], mrr["tuned"], mrr["gain"]) == (0.375, 0.5, 0.125)
    assert mrr["gain_ci95"] == [-0.25, 0.5]
    assert result["held_out"]["context_recall"]["gain"] == 0.5
    json.dumps(result)


def test_without_answers_ranks_judge_and_without_places_nothing_does():
    result = summarise(tuning((ranked(2, 1), ranked(2, 1))))
    assert (result["figure"], result["gain"], result["changes"]) == ("mrr", 0.0, {})
    result = summarise(tuning((note(question(1), {}), note(question(1), {}))))
    assert (result["figure"], result["gain"], result["held_out"]) == (None, None, {})


@pytest.fixture
def dataset(tmp_path):
    """Two questions a bird; the words of each stand in its own article only."""
    paragraphs = {
        bird: f"The {bird} eats {bird}weed. The {bird} sleeps at {n} o'clock." for n, bird in enumerate(BIRDS)
    }
    asked = [("What does the {} eat?", "{}weed"), ("When does the {} sleep?", "sleeps")]
    data = [
        {"title": bird, "paragraphs": [{"context": text, "qas": [
            {"question": words.format(bird), "answers": [{"text": gold.format(bird), "answer_start": 0}]}
            for words, gold in asked
        ]}]}
        for bird, text in paragraphs.items()
    ]  # fmt: skip
    path = tmp_path / "birds.json"
    path.write_text(json.dumps({"data": data}), encoding="utf-8")
    name, records = read(path)
    return build(path.name, name, records, Selection())


def run(runtime, dataset, own=None, **options):
    stages = []
    result = tune(runtime, dataset, TuneOptions(**options), own or {}, lambda *told: stages.append(told))
    return result, {stage for stage, _, _ in stages}


def test_the_values_of_the_highest_score_are_chosen_and_present_ones_where_equal(runtime, dataset):
    result, stages = run(runtime, dataset, {"lexical_weight": 0.25, "max_tokens": 64})
    assert (result.present.lexical_weight, result.present.k) == (0.25, 8)
    assert {"ingesting", "searching", "answering, k 4", "answering, context_tokens 1024"} <= stages
    by_figure = {figure: [t for t in result.tried if t.figure == figure] for figure in ("mrr", "answers")}
    best = max(by_figure["mrr"], key=lambda t: t.score)
    assert result.tuned.lexical_weight == best.values.lexical_weight
    assert result.tuned.mmr_lambda == best.values.mmr_lambda
    assert by_figure["mrr"][0].values == result.present
    if best.score == by_figure["mrr"][0].score:
        assert result.tuned.lexical_weight == result.present.lexical_weight
    answers = [t for t in by_figure["answers"] if t.values == result.tuned]
    assert answers[-1].score == max(t.score for t in by_figure["answers"])
    assert len(result.held_out) + result.train == len(dataset.questions)
    assert summarise(result)["figure"] == "answers"


def quiet(*_):
    """Progress that nobody looks at."""


@pytest.mark.parametrize("own", [{}, {"lexical_weight": 2.0, "mmr_lambda": 0.4, "k": 3}])
def test_rankings_fused_again_score_as_a_search_with_those_settings_does(runtime, dataset, own):
    key, names = ingest_articles(runtime, dataset.articles, quiet)
    collections.update(runtime, key, {"settings": own})
    truth = read_truth(runtime, key, names, dataset.articles)
    tuner = tuning_module._Tuner(runtime, dataset, truth, key, TuneOptions(retrieval_only=True), quiet)
    present = replace(PRESENT, **own)
    tuner.best_ranking(present, dataset.questions)
    notes = tuner.notes(present, dataset.questions, "path")
    by_path = summarise(tuning(*((n, n) for n in notes), tuned=present))["held_out"]["mrr"]
    k = present.k
    expected = [1 / r if 0 < (r := n.ranks.get("mmr", n.ranks["fused"])) <= k else 0.0 for n in notes]
    assert tuner.tried[0].values == present
    assert tuner.tried[0].score == pytest.approx(sum(expected) / len(expected))
    assert by_path["tuned"] == pytest.approx(tuner.tried[0].score, abs=1e-4)


def test_ranks_alone_load_no_generator(runtime, dataset, monkeypatch):
    monkeypatch.setattr(type(runtime), "generator", property(lambda self: pytest.fail("loaded")))
    result, _ = run(runtime, dataset, retrieval_only=True)
    assert (result.tuned.k, result.tuned.context_tokens) == (8, 640)
    assert {t.figure for t in result.tried} == {"mrr"}
    assert summarise(result)["figure"] == "mrr"
    assert asdict(result.present) == asdict(PRESENT)
