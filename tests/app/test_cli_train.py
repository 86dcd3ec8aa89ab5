"""`fathom train` as its user calls it: where and how long to train, and which folders to average."""

import pytest
import torch

from generator.training.pace import Pace


@pytest.fixture
def trained(monkeypatch):
    """Options that training was called with."""
    seen = []
    monkeypatch.setattr(
        "app.training.train_reader", lambda models, recipe, options: bool(seen.append(options))
    )
    monkeypatch.setattr("generator.training.pace.fastest", lambda threads: Pace(bf16=False, threads=1))
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)
    monkeypatch.setattr("torch.set_float32_matmul_precision", lambda precision: None)
    return seen


SFT = ("train", "sft", "--data", "one", "--data", "two", "--run", "run")


def test_a_cpu_compiles_and_takes_the_faster_number_format(fathom, trained, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert fathom(*SFT, "--minutes", "2.5")[0] == 0
    (options,) = trained
    assert (options.device, options.bf16, options.compile_model) == ("cpu", False, True)
    assert (options.minutes, options.steps) == (2.5, 0)
    assert [folder.name for folder in options.data] == ["one", "two"]


def test_a_gpu_is_taken_where_there_is_one(fathom, trained, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    fathom(*SFT, "--steps", "10")
    fathom(*SFT, "--steps", "10", "--device", "cpu")
    assert [(o.device, o.bf16, o.compile_model) for o in trained] == [
        ("cuda", True, False),
        ("cpu", False, True),
    ]


def test_a_gpu_that_is_not_there_is_told(fathom, trained, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, _, err = fathom(*SFT, "--steps", "10", "--device", "cuda")
    assert (code, "no CUDA device" in err) == (2, True)
    monkeypatch.setenv("FATHOM_DEVICE", "cuda")
    assert fathom(*SFT, "--steps", "10")[0] == 2
    assert not trained


def test_a_run_without_an_end_is_refused(fathom, trained):
    code, _, err = fathom(*SFT)
    assert (code, "--minutes" in err) == (2, True)
    assert not trained


def test_a_reader_goes_on_with_gathered_questions(fathom, trained, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "app.training.train_gathered", lambda models, recipe, options: bool(seen.append((recipe, options)))
    )
    stage = (*SFT, "--steps", "10", "--stage", "gathered")
    assert fathom(*stage, "--start-run", "reader", "--learning-rate", "1e-5")[0] == 0
    ((recipe, options),) = seen
    assert (recipe.optimizer.learning_rate, recipe.batches.questions) == (1e-5, 8)
    assert options.start_run.name == "reader"
    code, _, err = fathom(*stage)
    assert (code, "--start-run" in err) == (2, True)
    assert len(seen) == 1
    assert not trained


def test_folders_are_averaged_by_the_shares_given(fathom, monkeypatch):
    seen = []
    monkeypatch.setattr(
        "generator.training.recipes.averaging.mean_of_runs", lambda *given: seen.append(given) or ["reader"]
    )
    code, _, err = fathom("train", "mean", "out", "a=0.4", "b/c=d=0.6")
    assert (code, "reader" in err) == (0, True)
    ((shares, out),) = seen
    assert ({str(folder): share for folder, share in shares.items()}, out.name) == (
        {"a": 0.4, "b/c=d": 0.6},
        "out",
    )


@pytest.mark.parametrize("parts", [["a=0.4", "b"], ["a=1"], ["a=x", "b=1"]])
def test_folders_without_shares_or_alone_are_refused(fathom, parts):
    assert fathom("train", "mean", "out", *parts)[0] == 2


def test_the_head_for_shapes_is_trained_on_files_of_questions(fathom, monkeypatch):
    seen = []

    def train(models, model, questions, held, seed, *, folds):
        seen.append((model.name, [p.name for p in questions], [p.name for p in held], seed, folds))
        return {"alpha": {"questions": 3, "both": 2}}

    monkeypatch.setattr("app.training.train_shapes", train)
    code, out, _ = fathom(
        "train", "shapes", "a.jsonl", "b.jsonl", "--held", "c.jsonl", "--seed", "2", "--folds"
    )
    assert (code, out.strip()) == (0, "alpha: questions 3, both 2")
    assert seen == [("fathom-small", ["a.jsonl", "b.jsonl"], ["c.jsonl"], 2, True)]
