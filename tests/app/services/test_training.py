"""Training composed: a reader with any split learns, goes on, is taught by another one, and is packed or refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.services.training import TrainingOptions, export_generator, train_reader
from generator.checkpoint import read_folder
from generator.errors import CheckpointError
from generator.fathom_small import Calibration
from generator.quantisation.int8 import unpack_state

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> TrainingOptions:
    """Two steps over a small set of questions, eleven document layers so that a step is quick."""
    folder = tmp_path_factory.mktemp("training")
    paragraphs = [
        {
            "context": f"The ferry to island {n} leaves at {n} o'clock. The bus waits.",
            "qas": [
                {
                    "question": f"When does the ferry to island {n} leave?",
                    "answers": [{"text": f"{n} o'clock", "answer_start": 31}],
                }
            ],
        }
        for n in range(160)
    ]
    (folder / "set.json").write_text(json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]}))
    recipe = {"train": [{"path": "set.json", "limit": 40}]}
    (folder / "recipe.json").write_text(json.dumps(recipe))
    recipe["development"] = [{"path": "set.json", "limit": 48}]
    (folder / "evaluated.json").write_text(json.dumps(recipe))
    return TrainingOptions(
        data=folder,
        run=folder / "run",
        models=MODELS,
        steps=1,
        decay_share=0.3,
        learning_rate=1e-4,
        bf16=False,
        compile_model=False,
        recipe=folder / "recipe.json",
        document_layers=11,
    )


def log_lines(run: Path) -> list[dict[str, float]]:
    text = (run / "log.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_goes_on_begins_from_another_and_learns_from_a_teacher(options: TrainingOptions) -> None:
    assert not train_reader(options)
    assert train_reader(replace(options, steps=2, recipe=options.data / "evaluated.json"))
    assert read_folder(options.run / "last")[1]["step"] == 2
    assert any(key.startswith("dev/") for key in log_lines(options.run)[-1])

    begun = replace(options, run=options.data / "begun", start_run=options.run, learning_rate=0.0)
    assert not train_reader(begun)
    before, after = (read_folder(run / "last")[0]["model"] for run in (options.run, begun.run))
    assert all(before[name].equal(after[name]) for name in before)

    other = replace(begun, run=options.data / "other", document_layers=10)
    with pytest.raises(CheckpointError, match="another stage or split"):
        train_reader(other)

    taught = replace(options, run=options.data / "taught", teacher_run=options.run)
    assert not train_reader(taught)
    assert read_folder(taught.run / "last")[1]["seen"] > 0


def test_the_split_is_read_from_the_run(options: TrainingOptions, tmp_path: Path) -> None:
    run = replace(options, run=tmp_path / "run")
    train_reader(run)
    export_generator(MODELS, run.run, None, tmp_path / "model", Calibration())
    config = json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))["config"]["reader"]
    assert (config["document_layers"], config["reading_layers"]) == (11, 1)


def test_a_run_begins_with_a_packed_model(options: TrainingOptions, tmp_path: Path) -> None:
    run = replace(options, run=tmp_path / "run", learning_rate=1e-2)
    train_reader(run)
    export_generator(MODELS, run.run, None, tmp_path / "model", Calibration())

    begun = replace(options, run=tmp_path / "begun", start_run=tmp_path / "model", learning_rate=0.0)
    assert not train_reader(begun)
    before, after = (read_folder(folder / "last")[0]["model"] for folder in (run.run, begun.run))
    name = next(name for name, tensor in before.items() if tensor.dim() == 2 and tensor.shape[1] > 100)
    step = before[name].abs().amax(-1, keepdim=True) / 127
    assert ((before[name] - after[name]).abs() <= step).all(), "the same weights, as far as int8 tells"

    with pytest.raises(CheckpointError, match="another stage or split"):
        train_reader(replace(begun, run=tmp_path / "other", document_layers=10))
    export_generator(MODELS, tmp_path / "model", tmp_path / "model", tmp_path / "again", Calibration())
    packed, again = (read_folder(tmp_path / name)[0] for name in ("model", "again"))
    assert all(packed["reading"][k].equal(again["reading"][k]) for k in packed["reading"] if "scale" in k)


def test_two_models_are_averaged(options: TrainingOptions, tmp_path: Path) -> None:
    for seed in (0, 1):
        run = replace(options, run=tmp_path / f"run-{seed}", learning_rate=1e-2, seed=seed)
        train_reader(run)
        export_generator(MODELS, run.run, None, tmp_path / f"model-{seed}", Calibration())
    one, other, mean = (tmp_path / name for name in ("model-0", "model-1", "mean"))
    export_generator(MODELS, one, one, mean, Calibration(), average_with=other)
    states = [unpack_state(read_folder(folder)[0]["reading"]) for folder in (one, other, mean)]
    for name in ("role", "span.weight", "layers.0.qkv.weight"):
        wanted = (states[0][name] + states[1][name]) / 2
        assert (states[2][name] - wanted).abs().max() <= wanted.abs().max() / 100
    record = read_folder(mean)[1]["training"]
    assert set(record) == {"reader", "writer", "averaged_with"}
    export_generator(MODELS, mean, other, tmp_path / "again", Calibration())
    again = read_folder(tmp_path / "again")[1]["training"]
    assert again["reader"] == record["reader"] | {"averaged_with": record["averaged_with"]["reader"]}

    deeper = replace(options, run=tmp_path / "deeper", document_layers=10)
    train_reader(deeper)
    with pytest.raises(CheckpointError, match="another shape"):
        export_generator(MODELS, deeper.run, None, tmp_path / "x", Calibration(), average_with=one)


def test_document_layers_of_its_own_can_not_be_packed(options: TrainingOptions, tmp_path: Path) -> None:
    run = replace(options, run=tmp_path / "run", train_document=True)
    train_reader(run)
    with pytest.raises(CheckpointError, match="document layers"):
        export_generator(MODELS, run.run, None, tmp_path / "model", Calibration())


@pytest.mark.parametrize("layers", [-1, 12])
def test_a_split_must_leave_a_layer_for_reading(
    options: TrainingOptions, tmp_path: Path, layers: int
) -> None:
    with pytest.raises(CheckpointError, match="0 to 11"):
        train_reader(replace(options, run=tmp_path / "run", document_layers=layers))
