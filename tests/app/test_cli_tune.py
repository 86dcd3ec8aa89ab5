"""`fathom tune` as its user calls it: what is printed, and what is written only when asked."""

import json
import tomllib
from dataclasses import replace

import pytest

from tests.app.measuring.quality.test_tuning import PRESENT, ranked, tuning

BETTER = replace(PRESENT, lexical_weight=0.5, k=12)


@pytest.fixture
def questions(tmp_path):
    rows = [
        {"question": f"What is {n}?", "answers": [f"n{n}"], "documents": [f"It is n{n}."]} for n in range(9)
    ]
    path = tmp_path / "questions.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def comes_of_it(monkeypatch, before, after, tuned=BETTER):
    """The search for values gives this; everything around it is real."""
    seen = []

    def tune(runtime, dataset, options, own, on_progress):
        seen.append((runtime.settings, dict(own)))
        pairs = ((ranked(before, 1), ranked(after, 1)),) * 3
        return tuning(*pairs, tuned=tuned)

    monkeypatch.setattr("app.measuring.quality.tuning.tune", tune)
    return seen


def test_the_gain_is_printed_and_nothing_is_written(fathom, questions, monkeypatch, tmp_path):
    comes_of_it(monkeypatch, 2, 1)
    code, out, _ = fathom("tune", str(questions))
    assert (code, "+0.500" in out, "--apply does so" in out) == (0, True, True)
    result = json.loads(fathom("tune", str(questions), "--json")[1])
    assert (result["gain"], result["applied"]) == (0.5, None)
    assert result["changes"] == {"lexical_weight": 0.5, "k": 12}
    assert not (tmp_path / "fathom.toml").exists()


def test_what_is_better_is_written_to_the_settings_file_when_asked(fathom, questions, monkeypatch, tmp_path):
    comes_of_it(monkeypatch, 2, 1)
    monkeypatch.setenv("FATHOM_RETRIEVAL__K", "8")
    code, out, _ = fathom("tune", str(questions), "--apply", "--json")
    result = json.loads(out)
    assert (code, result["applied"], result["overridden_by"]) == (0, "fathom.toml", ["FATHOM_RETRIEVAL__K"])
    written = tomllib.loads((tmp_path / "fathom.toml").read_text())
    assert written == {"retrieval": {"lexical_weight": 0.5, "k": 12}}


def test_a_collection_is_tuned_from_its_settings_and_gets_the_better_ones(
    fathom, questions, monkeypatch, tmp_path
):
    seen = comes_of_it(monkeypatch, 2, 1)
    fathom("collections", "create", "birds", "--refusal-text", "No bird.")
    code, out, _ = fathom("tune", str(questions), "--collection", "birds", "--apply", "--json")
    assert (code, json.loads(out)["applied"]) == (0, "collection birds")
    assert seen[0][1] == {"refusal_text": "No bird."}
    assert seen[0][0].home != tmp_path / "home"
    shown = json.loads(fathom("collections", "show", "birds", "--json")[1])
    assert shown["settings"] == {"refusal_text": "No bird.", "lexical_weight": 0.5, "k": 12}
    assert not (tmp_path / "fathom.toml").exists()


@pytest.mark.parametrize(
    ("after", "tuned", "word"), [(2, BETTER, "gain nothing"), (2, PRESENT, "are the best")]
)
def test_no_gain_is_never_written(fathom, questions, monkeypatch, tmp_path, after, tuned, word):
    comes_of_it(monkeypatch, 2, after, tuned)
    code, out, _ = fathom("tune", str(questions), "--apply")
    assert (code, word in out) == (0, True)
    assert not (tmp_path / "fathom.toml").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["tune", "no-such.json"], 2, "no-such.json"),
        (["tune", "{questions}", "--limit", "3"], 2, "too few"),
        (["tune", "{questions}", "--collection", "nowhere"], 3, "nowhere"),
        (["tune", "{questions}", "--train-share", "1"], 2, "train-share"),
    ],
)
def test_errors_are_one_clear_line_and_a_code(fathom, questions, arguments, code, word):
    got, out, err = fathom(*(argument.format(questions=questions) for argument in arguments))
    assert (got, out) == (code, "")
    assert word in err
    assert "Traceback" not in err
