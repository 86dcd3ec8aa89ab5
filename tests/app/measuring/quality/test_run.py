"""`fathom eval` end to end on a set small enough to know every figure by hand."""

import json
from dataclasses import replace

import pytest

from app.answers.types import Citation
from app.db.sources import DocumentName
from app.measuring.quality.asking import EvalOptions, Writing, cut, writing_of
from app.measuring.quality.judge import judge_citations, score_answer
from app.measuring.quality.report import details, figure_of, summarise, tables
from app.measuring.quality.run import evaluate
from app.measuring.questions.datasets import Selection, build
from app.measuring.questions.formats import read
from generator.types import Generated, Ink, Span
from ingestion.parser_process import ParserProcess
from tests.app.copying_generator import CopyingGenerator

DUCKS = "Ducks swim on quiet ponds. Their food is pondweed. A drake has green feathers."
GEESE = "Geese migrate in autumn. A wedge saves strength. Ganders guard nests."


@pytest.fixture
def generator():
    return CopyingGenerator()


def qa(question, answer, context, **more):
    start = context.index(answer) if answer else 0
    return {
        "question": question,
        "answers": [{"text": answer, "answer_start": start}] if answer else [],
        **more,
    }


@pytest.fixture
def birds(tmp_path):
    data = {
        "data": [
            {"title": "Ducks", "paragraphs": [{"context": DUCKS, "qas": [
                qa("What food?", "Their food is pondweed.", DUCKS),
                qa("Which green thing?", "feathers", DUCKS),
                qa("Zirconium xylophone?", None, DUCKS, is_impossible=True),
            ]}]},
            {"title": "Geese", "paragraphs": [{"context": GEESE, "qas": [qa("Whose nests?", "nests", GEESE)]}]},
        ]
    }  # fmt: skip
    path = tmp_path / "birds.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def measure(runtime, path, options=EvalOptions(), selection=Selection()):  # noqa: B008 - both are frozen
    name, records = read(path)
    dataset = build(path.name, name, records, selection)
    stages = []
    run = evaluate(runtime, dataset, options, lambda stage, done, total: stages.append((stage, done, total)))
    assert stages[-1] == ("asking", len(dataset.questions), len(dataset.questions))
    return run, summarise(run, runtime.settings, options, selection)


def test_all_figures_of_a_small_set(runtime, birds):
    run, report = measure(runtime, birds)
    assert (report["n"], report["n_answerable"], report["n_unanswerable"]) == (4, 3, 1)
    assert report["n_located"] == 3
    # sentences: an exact one; "A drake has green feathers." is 1 of 4 words (a is dropped): F1 2/5;
    # "Ganders guard nests." is 1 of 3 words: F1 1/2
    assert report["gold"]["em"] == pytest.approx(100 / 3, abs=1e-3)
    assert report["gold"]["f1"] == pytest.approx(100 * (1 + 2 / 5 + 1 / 2) / 3, abs=1e-3)
    assert report["gold"]["phrase_f1"] == report["gold"]["f1"]
    assert report["gold"]["sentence_hit"] == 100
    assert report["retrieved"] == report["gold"]
    assert report["abstention"] == {"accuracy": 1.0, "auroc": 1.0, "gold": {"accuracy": 1.0, "auroc": 1.0}}
    assert report["citations"] == {
        "n": 3, "precision": 1.0, "recall": 1.0, "marked": 0.0, "supported_precision": 1.0, "supported_recall": 1.0,
        "containing_answer": 1.0, "verbatim": 1.0,
    }  # fmt: skip
    assert (report["reliability"]["n"], report["reliability"]["right"]) == (3, 1.0)
    assert sum(part["n"] for part in report["reliability"]["bins"]) == 3
    assert report["shapes"] == {"text": {"n": 3, "right": 1.0}}
    for stage in ("dense", "lexical", "fused", "compressed"):
        assert report["retrieval"][stage].keys() == {"recall@1", "recall@5", "recall@20", "mrr"}
        assert report["retrieval"][stage]["recall@5"] == 1.0  # there are two chunks
    assert report["latency_ms"].keys() >= {"embed", "retrieve", "compress", "first_token", "total"}
    assert report["writing"]["written_share"] == 0
    assert report["settings"]["documents"] == 2
    assert report["ci95"]["gold.sentence_hit"] == [100, 100]
    assert report["ci95"]["citations.precision"] == [1, 1]
    # every figure of every stage has an interval that holds it
    assert {name.split(".")[0] for name in report["ci95"]} == {
        "retrieval", "gold", "retrieved", "abstention", "reliability", "citations", "writing", "latency_ms",
    }  # fmt: skip
    for name, (low, high) in report["ci95"].items():
        assert low <= figure_of(report, name) <= high, name
    assert len(details(run)) == 4
    assert {title for title, _, _ in tables(report)} >= {"Abstention", "Citations"}
    json.dumps(report)


def test_all_documents_go_through_one_parser_process(runtime, birds, monkeypatch):
    pids = set()
    parse = ParserProcess.parse

    def noting(self, *args):
        document = parse(self, *args)
        pids.add(self.pid)
        return document

    monkeypatch.setattr(ParserProcess, "parse", noting)
    _, report = measure(runtime, birds, EvalOptions(retrieval_only=True))
    assert (report["settings"]["documents"], len(pids)) == (2, 1)


def test_gold_that_was_taken_away_counts_for_abstention_only(runtime, birds):
    _, report = measure(runtime, birds, EvalOptions(drop_gold=1.0))
    assert (report["n_answerable"], report["n_unanswerable"], report["n_located"]) == (0, 4, 0)
    assert report["abstention"]["accuracy"] == 1.0
    assert report["abstention"]["auroc"] is None
    assert report["retrieved"]["f1"] is None
    assert report["citations"]["recall"] is None


def test_retrieval_alone_loads_no_generator(runtime, birds, monkeypatch):
    monkeypatch.setattr(type(runtime), "generator", property(lambda self: pytest.fail("loaded")))
    _, report = measure(runtime, birds, EvalOptions(retrieval_only=True), Selection(limit=2))
    assert report["retrieval"]["fused"]["recall@5"] == 1.0
    assert report["gold"]["f1"] is None
    assert report["settings"]["documents"] == 1  # the other article is not asked about


def test_whole_documents(runtime, tmp_path):
    path = tmp_path / "set.jsonl"
    row = {"question": "What food?", "answers": ["pondweed"], "documents": [DUCKS, GEESE]}
    path.write_text(json.dumps(row), encoding="utf-8")
    _, report = measure(runtime, path)
    assert (report["settings"]["documents"], report["n_located"]) == (2, 1)
    assert report["retrieved"]["sentence_hit"] == 100


def citation(start, end, quote, supported=None):
    return Citation(
        n=1,
        answer_start=0,
        answer_end=len(quote),
        document=DocumentName(id="d", name="d.txt", title="D"),
        chunk=1,
        page=None,
        start=start,
        end=end,
        quote=quote,
        score=1.0,
        supported=supported,
    )


def test_a_citation_is_right_by_place_or_by_words_and_verbatim_by_the_text():
    texts = {"d": "Ducks eat weeds. Weeds feed ducks."}

    def cite(start, end, quote):
        return citation(start, end, quote)

    citations = [cite(10, 15, "weeds"), cite(17, 22, "Weeds"), cite(0, 5, "Ducks"), cite(0, 5, "Geese")]
    score = judge_citations(citations, ["weeds"], [("d", 10, 15)], texts)
    assert (score.given, score.right, score.containing, score.verbatim) == (4, 2, 2, 3)
    assert judge_citations(citations, [], [], texts).right == 0
    assert (score.marked, score.marked_right) == (0, 0)


def test_marked_citations_are_counted_apart(runtime, birds):
    texts = {"d": "Ducks eat weeds. Geese eat grass."}

    def cite(start, end, supported):
        return citation(start, end, texts["d"][start:end], supported)

    def judged(*given):
        return judge_citations(given, ["weeds"], [("d", 10, 15)], texts)

    score = judged(cite(10, 15, True), cite(0, 15, False), cite(17, 22, False), cite(17, 32, None))
    assert (score.given, score.right, score.marked, score.marked_right) == (4, 2, 2, 1)
    run, _ = measure(runtime, birds)
    scores = [score, judged(cite(0, 15, False)), judged(cite(10, 15, True))]
    notes = tuple(
        replace(note, answerable=True, citations=one) for note, one in zip(run.notes, scores, strict=False)
    )
    told = summarise(replace(run, notes=notes), runtime.settings, EvalOptions(), Selection())["citations"]
    assert (told["n"], told["precision"], told["marked"]) == (6, pytest.approx(4 / 6, abs=1e-4), 0.5)
    assert told["supported_precision"] == pytest.approx(2 / 3, abs=1e-4), "of three that are not marked, two"
    assert (told["recall"], told["supported_recall"]) == (1.0, pytest.approx(2 / 3, abs=1e-4))


def test_an_abstention_scores_nothing_but_its_phrase_counts_as_phrase():
    score = score_answer(
        ["pondweed"], text="", phrase="pondweed", sentences=["Their food is pondweed."],
        confidence=0.2, shape=None, by_character=False,
    )  # fmt: skip
    assert (score.em, score.f1, score.sentence_hit) == (0.0, 0.0, 0.0)
    assert (score.phrase_em, score.phrase_f1) == (1.0, 1.0)


def test_the_short_answer_is_scored_where_a_shape_is_told_and_the_text_otherwise():
    text, phrase = "Their food is pondweed.", "pondweed"
    scores = {
        shape: score_answer(
            ["pondweed"],
            text=text,
            phrase=phrase,
            sentences=[],
            confidence=0.9,
            shape=shape,
            by_character=False,
        )
        for shape in ("phrase", "sentence", None)
    }
    assert [(scores[shape].em, scores[shape].f1) for shape in ("phrase", "sentence")] == [(1.0, 1.0)] * 2
    assert scores[None].em == 0.0
    assert 0 < scores[None].f1 < 1
    assert {score.right for score in scores.values()} == {1.0}, "the text holds the answer"


def test_a_sentence_of_a_gold_answer_that_is_a_whole_section_is_right():
    section = "Ducks swim on ponds. " * 6 + "Their food is pondweed, of which there is plenty."
    shown = {"phrase": "", "confidence": 0.9, "shape": "sentence", "by_character": False}
    right = score_answer([section], text="Ducks swim on ponds.", sentences=["Ducks swim on ponds."], **shown)
    wrong = score_answer([section], text="Geese fly.", sentences=["Geese fly."], **shown)
    short = score_answer(["Ducks swim."], text="Ducks", sentences=["Ducks"], **shown)
    assert (right.right, wrong.right, short.right) == (1.0, 0.0, 0.0)


def test_a_long_paragraph_is_cut_between_sentences():
    text = "One two three. Four five six. Seven eight nine."
    pieces = cut(text, lambda part: len(part.split()), 6)
    assert [text[start:end] for start, end in pieces] == [
        "One two three. Four five six.",
        "Seven eight nine.",
    ]
    assert cut(text, lambda part: len(part.split()), 9) == [(0, len(text))]


def test_writing_counts_own_words_without_the_spaces_between_runs():
    copied = Span(answer_start=0, answer_end=4, ink=Ink.COPIED, passage="p", start=0, end=4)
    own = Span(answer_start=4, answer_end=9, ink=Ink.WRITTEN)
    generated = Generated(
        text="duck and ", spans=(copied, own), answerable=True, confidence=0.9, generated_tokens=3,
        timings_ms={"read": 100.0, "total": 130.0},
    )  # fmt: skip
    assert writing_of(generated) == Writing(copied=4, written=3, tokens=3, ms=30.0)
    assert writing_of(replace(generated, answerable=False)) is None
