import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from benchmarks import asked
from benchmarks.asked import judge, summary

QUESTIONS = Path(asked.__file__).parent / "questions"


def _outcome(passages: list[str], *, text: str = "", answered: bool = True, confidence: float = 0.9) -> Any:
    """An outcome of which `judge` sees the passages, the text and the confidence; of each passage all is kept."""
    context = [
        SimpleNamespace(passage=SimpleNamespace(text=said, start=100), kept=[(100, 100 + len(said))])
        for said in passages
    ]
    return SimpleNamespace(
        retrieved=SimpleNamespace(context=SimpleNamespace(passages=context)),
        answer=SimpleNamespace(text=text, answerable=answered, confidence=confidence),
    )


def test_an_answer_is_whole_where_it_holds_all_that_it_must():
    question = {"must": ["up to **90** days", "in writing"]}
    passages = ["Up to 90 days are granted.", "It is asked for in writing."]
    assert judge(question, _outcome(passages, text="Up to 90 days, in  writing."))["whole"]
    assert not judge(question, _outcome(passages, text="Up to 90 days."))["whole"]


def test_what_stands_behind_the_fifth_passage_is_found_but_not_among_five():
    judged = judge({"must": ["blue"]}, _outcome(["red"] * 5 + ["blue"], answered=False))
    assert (judged["found"], judged["kept"], judged["among_five"]) == (True, True, False)


def test_counts_part_false_refusals_from_refusals_of_what_was_not_found():
    question = {"must": ["blue"]}
    judged = [
        judge(question, _outcome(["blue"], answered=False)),
        judge(question, _outcome(["red"], answered=False)),
        judge(question, _outcome(["blue"], text="It is blue.")),
        judge({"must": []}, _outcome(["red"], text="It is red.")),
    ]
    counts = summary(judged)
    assert (counts["refused"], counts["refused_among_five"], counts["among_five"]) == (2, 1, 2)
    assert (counts["whole"], counts["sure"], counts["sure_and_whole"]) == (1, 2, 1)
    assert (counts["unanswerable"], counts["answered_though_unanswerable"]) == (1, 1)


def test_every_set_of_questions_is_over_known_collections_and_has_ids_of_its_own() -> None:
    collections = json.loads((QUESTIONS / "collections.json").read_text(encoding="utf-8"))
    seen: set[str] = set()
    for path in sorted(QUESTIONS.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            question = json.loads(line)
            assert question["collection"] in collections, question["id"]
            assert question["question"].strip() and question["expected"], question["id"]
            assert (question["shape"] == "unanswerable") == (not question["must"]), question["id"]
            assert (path.stem, question["id"]) not in seen
            seen.add((path.stem, question["id"]))
    assert len(seen) == 506
