"""The HTML report: what is in it, and that it stays on paper: no script, nothing from elsewhere."""

import re
from html.parser import HTMLParser

import pytest

from app.measuring.quality.html_report import page
from app.measuring.quality.plots import Row, interval_plot
from app.measuring.quality.report import CITATION_FIGURES

EVIL = '</table><script>alert(1)</script><img src="https://example.org/x.png" onerror="x">'


ANSWERS = {
    "em": 50.0, "f1": 60.0, "phrase_em": 55.0, "phrase_f1": 65.0, "sentence_hit": 80.0, "answered": 1.0,
}  # fmt: skip


def report(**changes):
    stages = ("dense", "lexical", "fused", "compressed")
    figures = {
        "n": 3, "n_answerable": 2, "n_unanswerable": 1, "n_located": 2,
        "retrieval": {stage: {"recall@1": 0.5, "recall@5": 0.75, "recall@20": 1.0, "mrr": 0.6} for stage in stages},
        "gold": ANSWERS,
        "retrieved": ANSWERS | {"em": 40.0, "f1": 50.5},
        "abstention": {"accuracy": 0.8, "auroc": None, "gold": {"accuracy": 0.9, "auroc": 0.7}},
        "reliability": {
            "n": 2, "right": 0.5, "ece": 0.123, "sure": {"n": 1, "right": 1.0},
            "bins": [
                {"from": 0.4, "n": 1, "confidence": 0.45, "right": 0.0},
                {"from": 0.9, "n": 1, "confidence": 0.95, "right": 1.0},
            ],
        },
        "shapes": {"list": {"n": 1, "right": 1.0}, "text": {"n": 1, "right": 0.0}},
        "citations": {"n": 4} | dict.fromkeys(CITATION_FIGURES, 0.75),
        "writing": {"written_share": 0.1, "tokens_per_s": 55.5},
        "latency_ms": {"embed": {"p50": 5.0, "p99": 9.0}, "total": {"p50": 200.0, "p99": 400.0}},
        "ci95": {"retrieval.fused.recall@5": [0.6, 0.9], "retrieved.f1": [41.0, 58.5]},
        "settings": {
            "file": "birds.json", "documents": 2, "chunks": 9, "model": "fathom-small@1", "fathom": "0.1", "note": EVIL,
        },
    }  # fmt: skip
    return figures | changes


def note(question, *, answerable=True, f1=0.0, answered=True, text="said", rank=1):
    return {
        "id": "1", "question": question, "answers": ["gold"] if answerable else [], "answerable": answerable,
        "ranks": {"fused": rank} if answerable else {}, "gold": None, "citations": None, "timings_ms": {},
        "retrieved": {"text": text, "f1": f1, "answered": answered},
    }  # fmt: skip


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.open = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in {"meta", "line", "circle"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_it_is_well_formed_and_holds_every_figure_with_its_interval():
    text = page(report(), [])
    tags = Tags(text)
    assert tags.open == []
    assert sum(tag == "svg" for tag, _ in tags.found) == 4 + 5 + 2 + 2
    for shown in (
        "0.750 (0.600–0.900)",
        "50.5 (41.0–58.5)",
        "nothing measured",
        "calibration error 0.123",
        "0.95",
        "list",
        "Citations (4 given)",
        "birds.json",
    ):
        assert shown in text


def test_it_loads_nothing_and_runs_nothing_whatever_the_documents_say():
    text = page(report(), [note(EVIL, text=EVIL)])
    tags = Tags(text)
    assert not {"script", "img", "link", "iframe", "object", "a"} & {tag for tag, _ in tags.found}
    names = {name for _, attributes in tags.found for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in {"src", "href", "style"}}
    policy = next(a["content"] for tag, a in tags.found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "url(" not in text


def test_questions_that_went_wrong_are_listed_and_right_ones_are_not():
    notes = [
        note("right?", f1=1.0),
        note("wrong?"),
        note("refused?", text="", answered=False, rank=0),
        note("nobody knows?", answerable=False),
        note("rightly refused?", answerable=False, answered=False),
    ]
    text = page(report(), notes)
    assert "3 of 5" in text
    shown = set(re.findall(r"<td>([^<]*\?)</td>", text))
    assert shown == {"wrong?", "refused?", "nobody knows?"}
    assert "(refused)" in text
    assert "not found" in text


def test_a_run_without_answers_shows_what_there_is():
    nothing = dict.fromkeys(("em", "f1", "phrase_em", "phrase_f1", "sentence_hit", "answered", "as_sentence"))
    empty = {"accuracy": None, "auroc": None}
    text = page(
        report(
            gold=nothing, retrieved=nothing, abstention=empty | {"gold": empty},
            citations={"n": 0} | dict.fromkeys(CITATION_FIGURES),
        ),
        [note("q?") | {"retrieved": None}],
    )  # fmt: skip
    assert text.count("<svg") == 4 + 2
    assert "went wrong" not in text


@pytest.mark.parametrize("most", [None, 1.0])
def test_points_and_whiskers_lie_on_the_axis(most):
    plot = interval_plot(
        "t", [Row(label="a", value=0.5, low=0.25, high=1.0), Row(label="b", value=0.0)], most=most
    )
    middle, zero = plot.marks
    left, right = middle.whisker
    assert zero.x == plot.left < left < middle.x < right == plot.ticks[-1][0] < plot.width
    assert middle.x - zero.x == pytest.approx((right - zero.x) / 2, abs=0.2)


def test_an_axis_without_values_is_no_fault():
    assert interval_plot("t", [Row(label="a", value=None)]).marks[0].x is None
    assert interval_plot("t", [Row(label="a", value=0.0)]).marks[0].x == interval_plot("t", []).left
