"""Training composed: a reader with any split learns, goes on, is taught by another one, and is packed or refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from app.services import training
from app.services.shipping import ShippingOptions, train_all
from app.services.trained import export_generator, mean_of_runs, trained_weights
from app.services.training import TrainingOptions, train_reader
from generator.checkpoint.folder import read_folder
from generator.errors import CheckpointError
from generator.fathom_small.calibration import Calibration
from generator.quantisation.int8 import unpack_state

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "PAIR_PIECES", {"cpu": 600})
    monkeypatch.setattr(training, "WRITING_PIECES", {"cpu": 1_000})


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
    recipe |= {"development": [{"path": "set.json", "limit": 6}], "dense_near_misses": True}
    (folder / "evaluated.json").write_text(json.dumps(recipe))
    return TrainingOptions(
        data=(folder,),
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
    assert train_reader(replace(options, steps=2, recipe=options.data[0] / "evaluated.json"))
    assert read_folder(options.run / "last")[1]["step"] == 2
    assert any(key.startswith("dev/") for key in log_lines(options.run)[-1])

    begun = replace(options, run=options.data[0] / "begun", start_run=options.run, learning_rate=0.0)
    assert not train_reader(begun)
    before, after = trained_weights(options.run)[0], read_folder(begun.run / "last")[0]["model"]
    assert all(before[name].equal(after[name]) for name in before)

    other = replace(begun, run=options.data[0] / "other", document_layers=10)
    with pytest.raises(CheckpointError, match="another stage or split"):
        train_reader(other)

    taught = replace(options, run=options.data[0] / "taught", teacher_run=options.run)
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


def test_runs_and_models_are_averaged_by_their_shares(options: TrainingOptions, tmp_path: Path) -> None:
    for seed in (0, 1):
        run = replace(options, run=tmp_path / f"run-{seed}", learning_rate=1e-2, seed=seed)
        train_reader(run)
        export_generator(MODELS, run.run, None, tmp_path / f"model-{seed}", Calibration())
    one, packed, mean = (tmp_path / name for name in ("run-0", "model-1", "mean"))
    assert mean_of_runs({one: 0.75, packed: 0.25}, mean) == ["reader"]
    raw, other = read_folder(one / "last")[0]["model"], unpack_state(read_folder(packed)[0]["reading"])
    averaged = read_folder(mean / "last")[0]["model"]
    for name in ("role", "span.weight", "layers.0.qkv.weight"):
        wanted = 0.75 * raw[f"reading.{name}"] + 0.25 * other[name]
        torch.testing.assert_close(averaged[f"reading.{name}"], wanted)
    export_generator(MODELS, mean, packed, tmp_path / "again", Calibration())
    record = read_folder(tmp_path / "again")[1]["training"]
    assert [part["share"] for part in record["reader"]["mean_of"]] == [0.75, 0.25]
    assert record["reader"]["mean_of"][0]["seen"] > 0

    both = tmp_path / "both"
    assert mean_of_runs({packed: 0.5, tmp_path / "again": 0.5}, both) == ["reader", "writer"]
    assert any(name.startswith("decoder.") for name in read_folder(both / "last")[0]["model"])


def test_a_mean_of_other_shapes_or_of_too_little_is_refused(options: TrainingOptions, tmp_path: Path) -> None:
    runs = []
    for layers in (11, 10):
        runs.append(replace(options, run=tmp_path / str(layers), document_layers=layers))
        train_reader(runs[-1])
    with pytest.raises(CheckpointError, match="another shape"):
        mean_of_runs({runs[0].run: 0.5, runs[1].run: 0.5}, tmp_path / "mean")
    with pytest.raises(CheckpointError, match=r"sum to 0\.9"):
        mean_of_runs({runs[0].run: 0.5, runs[1].run: 0.4}, tmp_path / "mean")


def test_the_best_weights_of_a_run_are_what_is_packed(options: TrainingOptions, tmp_path: Path) -> None:
    recipe = options.data[0] / "evaluated.json"
    run = replace(options, run=tmp_path / "run", steps=4, recipe=recipe, learning_rate=1e-3)
    train_reader(run)
    best, meta = read_folder(run.run / "best")
    state, record = trained_weights(run.run)
    assert all(state[name].equal(tensor) for name, tensor in best["model"].items())
    assert record["score"] == meta["score"]
    kinds = {file.name.split("-")[0] for file in (run.run / "vectors").iterdir()}
    assert kinds == {"queries", "passages"}, "near misses were looked for by meaning too"


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


@pytest.mark.slow
def test_one_command_makes_what_ships(options: TrainingOptions, tmp_path: Path) -> None:
    recipe = options.data[0] / "evaluated.json"
    shipping = ShippingOptions(
        common=replace(options, run=tmp_path / "runs", recipe=recipe, steps=5),
        out=tmp_path / "model",
        writing=recipe,
    )
    stages: list[str] = []
    train_all(shipping, stages.append)
    assert [stage.split()[-1] for stage in stages] == [
        "misses",
        "reader-short",
        "reader-long",
        "writer",
    ]
    meta = json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))
    assert [part["folder"] for part in meta["training"]["reader"]["mean_of"]] == [
        "reader-short",
        "reader-long",
    ]
    assert meta["training"]["writer"]["step"] == 1
    steps = [part["step"] for part in meta["training"]["reader"]["mean_of"]]
    train_all(replace(shipping, mean_with=tmp_path / "model"), stages.append)
    again = json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))["training"]
    assert [part["share"] for part in again["reader"]["mean_of"]] == [0.4, 0.3, 0.3]
    assert [part["step"] for part in again["reader"]["mean_of"][:2]] == steps, "nothing is trained twice"
    assert [part["share"] for part in again["writer"]["mean_of"]] == [0.5, 0.5]
