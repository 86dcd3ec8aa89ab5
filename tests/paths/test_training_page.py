"""The page of training (`generator/training/README.md`), command by command at debug size: from sets to figures."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from app.cli import main
from app.measuring.quality import calibrating
from tests.project.source_tree import ROOT

PAGE = ROOT / "generator" / "training" / "README.md"
PACE = ("--minutes", "--learning-rate", "--decay-share", "--dropout")
TOWNS = ("Oslo", "Bergen", "Tromsø", "Narvik", "Molde", "Florø", "Larvik", "Hamar", "Skien", "Arendal")


def commands() -> list[list[str]]:
    """The commands of the page, without their first word."""
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    return [shlex.split(line)[1:] for line in block.splitlines() if not line.startswith("#")]


def questions() -> dict[str, Any]:
    """One article a town, of one paragraph with one question."""
    articles = []
    for number, town in enumerate(TOWNS):
        text = f"The ferry from {town} leaves at {number + 8} o'clock. The bus waits for it."
        answer = f"{number + 8} o'clock"
        asked = {
            "question": f"When does the ferry from {town} leave?",
            "answers": [{"text": answer, "answer_start": text.index(answer)}],
        }
        articles.append({"title": town, "paragraphs": [{"context": text, "qas": [asked]}]})
    return {"data": articles}


def searched() -> list[dict[str, Any]]:
    """What search might have given for each question: the town's passage, and that of the town before."""
    lines = []
    paragraphs = [article["paragraphs"][0] for article in questions()["data"]]
    for number, paragraph in enumerate(paragraphs):
        (asked,) = paragraph["qas"]
        (answer,) = asked["answers"]
        start = answer["answer_start"]
        bare = {"kept": [], "sentences": []}
        own = {"text": paragraph["context"], "weight": 1.0, "gold": [[start, start + len(answer["text"]), 0]]}
        other = {"text": paragraphs[number - 1]["context"], "weight": 0.5, "gold": []}
        told = {"id": str(number), "collection": "towns", "document": str(number), "answerable": True}
        passages = [{**own, **bare}, {**other, **bare}]
        lines.append({**told, "question": asked["question"], "passages": passages})
    return lines


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small set and the shipped encoder, from which the commands are called."""
    (tmp_path / "models").mkdir()
    for part in (ROOT / "models").iterdir():
        if part.name != "fathom-small":
            (tmp_path / "models" / part.name).symlink_to(part)
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "towns.json").write_text(json.dumps(questions()), encoding="utf-8")
    batches = {"batch_pieces": {"cpu": 600, "cuda": 600}}
    recipe = {"train": [{"path": "towns.json", "repeat": 9}], **batches}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe), encoding="utf-8")
    gathered = {"train": [{"path": "gathered.jsonl"}], "batches": {"questions": 2}, "development_share": 0.3}
    (tmp_path / "gathered.json").write_text(json.dumps(gathered), encoding="utf-8")
    (tmp_path / "sets" / "gathered.jsonl").write_text(
        "\n".join(map(json.dumps, searched())), encoding="utf-8"
    )
    asked = tmp_path / "calibration.json"
    asked.write_text(json.dumps({"sets": [{"path": "towns.json"}]}), encoding="utf-8")
    monkeypatch.setattr(calibrating, "RECIPE", asked)
    monkeypatch.setenv("FATHOM_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def at_debug_size(command: list[str]) -> list[str]:
    """One step of a run, from the weights that ship; the small set in the place of a large one."""
    if command[:2] == ["train", "sft"]:
        for name in PACE:
            if name in command:
                at = command.index(name)
                command = command[:at] + command[at + 2 :]
        shipped = str(ROOT / "models" / "fathom-small")
        recipe = "gathered.json" if "gathered" in command else "recipe.json"
        start = [] if "--start-run" in command else ["--start-run", shipped]
        small = ["--steps", "1", "--recipe", recipe, *start]
        return [*command, *small, "--device", "cpu", "--no-compile", "--threads", "1"]
    return ["sets/towns.json" if word.startswith("sets/") else word for word in command]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_the_page_of_training_goes_from_sets_to_figures(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = ""
    for command in commands():
        with pytest.raises(SystemExit) as ended:
            main(["--home", str(place / "home"), *at_debug_size(command)])
        figures, err = capsys.readouterr()
        assert not ended.value.code, f"{command}: {err}"
    meta = json.loads((place / "models" / "fathom-small" / "meta.json").read_text(encoding="utf-8"))
    mean = json.loads((place / "runs" / "reader" / "last" / "meta.json").read_text(encoding="utf-8"))
    assert [part["folder"] for part in mean["mean_of"]["reader"]] == ["reader-short", "reader-long"]
    assert meta["training"]["reader"]["step"] == meta["training"]["writer"]["step"] == 1
    assert (place / "runs" / "gathered" / "log.jsonl").is_file()
    assert 0 < meta["calibration"]["answer_from"] < 1
    assert figures
