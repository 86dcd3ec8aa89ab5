"""Training composed: a reader with any split learns, goes on, is taught by another one, and is packed or refused."""

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from app import training
from generator.checkpoint.folder import read_folder
from generator.data.examples import SetSpec
from generator.errors import CheckpointError
from generator.fathom_small.calibration import Calibration
from generator.quantisation.int8 import unpack_state
from generator.training.recipes.averaging import mean_of_runs
from generator.training.recipes.checked import read_recipe, shipped
from generator.training.recipes.export import export_generator
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.reading import ReadingRecipe
from generator.training.recipes.recipe import PiecesByDevice, RunOptions
from generator.training.recipes.runs import trained_weights
from generator.training.recipes.shipping import Recipes, ShippingOptions, ShippingRecipe, train_all
from generator.training.recipes.writing import WritingRecipe

MODELS = Path(__file__).parents[2] / "models"
SMALL = PiecesByDevice(cpu=600, cuda=600)
LEARNED = (SetSpec(path="set.json", limit=40),)
SCORED = {"development": (SetSpec(path="set.json", limit=6),), "dense_near_misses": True}


@dataclass(frozen=True)
class Training:
    """A recipe and where its run is."""

    recipe: ReadingRecipe
    options: RunOptions

    def but(self, **changes: Any) -> "Training":
        """The same with other options, learning rate or numbers of the recipe."""
        own = {field.name for field in fields(RunOptions)} & changes.keys()
        options = replace(self.options, **{name: changes.pop(name) for name in own})
        recipe = self.recipe.paced(changes.pop("learning_rate", None))
        return Training(replace(recipe, **changes), options)

    @property
    def run(self) -> Path:
        return self.options.run

    def train(self) -> bool:
        return training.train_reader(MODELS, self.recipe, self.options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data: a small set of questions."""
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
    return folder


@pytest.fixture(scope="module")
def options(folder: Path) -> Training:
    """One step, eleven document layers so that a step is quick."""
    recipe = ReadingRecipe(train=LEARNED, document_layers=11, batch_pieces=SMALL).paced(1e-4)
    return Training(recipe, RunOptions(data=(folder,), run=folder / "run", steps=1, compile_model=False))


@pytest.fixture(scope="module")
def parts() -> EncoderParts:
    return training.encoder_parts(MODELS)


def export(parts: EncoderParts, reader: Path, writer: Path | None, out: Path) -> None:
    export_generator(parts, reader, writer, out, Calibration())


def log_lines(run: Path) -> list[dict[str, float]]:
    text = (run / "log.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_run_goes_on_begins_from_another_and_learns_from_a_teacher(options: Training, folder: Path) -> None:
    assert not options.train()
    assert options.but(steps=2, **SCORED).train()
    assert read_folder(options.run / "last")[1]["step"] == 2
    assert any(key.startswith("dev/") for key in log_lines(options.run)[-1])

    begun = options.but(run=folder / "begun", start_run=options.run, learning_rate=0.0)
    assert not begun.train()
    before, after = trained_weights(options.run)[0], read_folder(begun.run / "last")[0]["model"]
    assert all(before[name].equal(after[name]) for name in before)

    other = begun.but(run=folder / "other", document_layers=10)
    with pytest.raises(CheckpointError, match="another stage or split"):
        other.train()

    taught = options.but(run=folder / "taught", teacher_run=options.run)
    assert not taught.train()
    assert read_folder(taught.run / "last")[1]["seen"] > 0


def test_a_windowed_writer_is_packed_with_its_windows_and_resumed_only_as_such(
    options: Training, tmp_path: Path, parts: EncoderParts
) -> None:
    reader = options.but(run=tmp_path / "reader")
    reader.train()
    windowed = replace(
        WritingRecipe(train=LEARNED, batch_pieces=PiecesByDevice(cpu=1_000, cuda=1_000)),
        decoder=read_recipe(WritingRecipe, shipped("writing_windowed")).decoder,
    )
    writer = options.but(run=tmp_path / "writer").options
    assert not training.train_writer(MODELS, windowed, writer, reader.run)
    export(parts, reader.run, writer.run, tmp_path / "model")
    shape = json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))["config"]["decoder"]
    assert (shape["window"], shape["global_tokens"]) == (32, 8)
    full = replace(windowed, decoder=replace(windowed.decoder, window=None))
    with pytest.raises(CheckpointError, match="another shape"):
        training.train_writer(MODELS, full, writer, reader.run)


def test_the_split_is_read_from_the_run(options: Training, tmp_path: Path, parts: EncoderParts) -> None:
    run = options.but(run=tmp_path / "run")
    run.train()
    export(parts, run.run, None, tmp_path / "model")
    config = json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))["config"]["reader"]
    assert (config["document_layers"], config["reading_layers"]) == (11, 1)


def test_a_run_begins_with_a_packed_model(options: Training, tmp_path: Path, parts: EncoderParts) -> None:
    run = options.but(run=tmp_path / "run", learning_rate=1e-2)
    run.train()
    export(parts, run.run, None, tmp_path / "model")

    begun = options.but(run=tmp_path / "begun", start_run=tmp_path / "model", learning_rate=0.0)
    assert not begun.train()
    before, after = (read_folder(folder / "last")[0]["model"] for folder in (run.run, begun.run))
    name = next(name for name, tensor in before.items() if tensor.dim() == 2 and tensor.shape[1] > 100)
    step = before[name].abs().amax(-1, keepdim=True) / 127
    assert ((before[name] - after[name]).abs() <= step).all(), "the same weights, as far as int8 tells"

    with pytest.raises(CheckpointError, match="another stage or split"):
        begun.but(run=tmp_path / "other", document_layers=10).train()
    export(parts, tmp_path / "model", tmp_path / "model", tmp_path / "again")
    packed, again = (read_folder(tmp_path / name)[0] for name in ("model", "again"))
    assert all(packed["reading"][k].equal(again["reading"][k]) for k in packed["reading"] if "scale" in k)


def test_runs_and_models_are_averaged_by_their_shares(
    options: Training, tmp_path: Path, parts: EncoderParts
) -> None:
    for seed in (0, 1):
        run = options.but(run=tmp_path / f"run-{seed}", learning_rate=1e-2, seed=seed)
        run.train()
        export(parts, run.run, None, tmp_path / f"model-{seed}")
    one, packed, mean = (tmp_path / name for name in ("run-0", "model-1", "mean"))
    assert mean_of_runs({one: 0.75, packed: 0.25}, mean) == ["reader"]
    raw, other = read_folder(one / "last")[0]["model"], unpack_state(read_folder(packed)[0]["reading"])
    averaged = read_folder(mean / "last")[0]["model"]
    for name in ("role", "span.weight", "layers.0.qkv.weight"):
        wanted = 0.75 * raw[f"reading.{name}"] + 0.25 * other[name]
        torch.testing.assert_close(averaged[f"reading.{name}"], wanted)
    export(parts, mean, packed, tmp_path / "again")
    record = read_folder(tmp_path / "again")[1]["training"]
    assert [part["share"] for part in record["reader"]["mean_of"]] == [0.75, 0.25]
    assert record["reader"]["mean_of"][0]["seen"] > 0

    both = tmp_path / "both"
    assert mean_of_runs({packed: 0.5, tmp_path / "again": 0.5}, both) == ["reader", "writer"]
    assert any(name.startswith("decoder.") for name in read_folder(both / "last")[0]["model"])


def test_a_mean_of_other_shapes_or_of_too_little_is_refused(options: Training, tmp_path: Path) -> None:
    runs = []
    for layers in (11, 10):
        runs.append(options.but(run=tmp_path / str(layers), document_layers=layers))
        runs[-1].train()
    with pytest.raises(CheckpointError, match="another shape"):
        mean_of_runs({runs[0].run: 0.5, runs[1].run: 0.5}, tmp_path / "mean")
    with pytest.raises(CheckpointError, match=r"sum to 0\.9"):
        mean_of_runs({runs[0].run: 0.5, runs[1].run: 0.4}, tmp_path / "mean")


def test_the_best_weights_of_a_run_are_what_is_packed(options: Training, tmp_path: Path) -> None:
    run = options.but(run=tmp_path / "run", steps=4, **SCORED, learning_rate=1e-3)
    run.train()
    best, meta = read_folder(run.run / "best")
    state, record = trained_weights(run.run)
    assert all(state[name].equal(tensor) for name, tensor in best["model"].items())
    assert record["score"] == meta["score"]
    kinds = {file.name.split("-")[0] for file in (run.run / "vectors").iterdir()}
    assert kinds == {"queries", "passages"}, "near misses were looked for by meaning too"


def test_document_layers_of_its_own_can_not_be_packed(
    options: Training, tmp_path: Path, parts: EncoderParts
) -> None:
    run = options.but(run=tmp_path / "run", train_document=True)
    run.train()
    with pytest.raises(CheckpointError, match="document layers"):
        export(parts, run.run, None, tmp_path / "model")


@pytest.mark.parametrize("layers", [-1, 12])
def test_a_split_must_leave_a_layer_for_reading(options: Training, tmp_path: Path, layers: int) -> None:
    with pytest.raises(CheckpointError, match="0 to 11"):
        options.but(run=tmp_path / "run", document_layers=layers).train()


@pytest.fixture
def shipping(options: Training, folder: Path, tmp_path: Path) -> tuple[Recipes, ShippingOptions]:
    recipes = Recipes(
        shipping=read_recipe(ShippingRecipe, shipped("shipping")),
        reading=options.but(**SCORED).recipe,
        writing=WritingRecipe(train=LEARNED, batch_pieces=PiecesByDevice(cpu=1_000, cuda=1_000)),
    )
    common = options.but(run=tmp_path / "runs", steps=5).options
    return recipes, ShippingOptions(common=common, out=tmp_path / "model")


@pytest.mark.slow
def test_one_recipe_makes_what_ships(
    shipping: tuple[Recipes, ShippingOptions], parts: EncoderParts, tmp_path: Path
) -> None:
    recipes, wanted = shipping
    search = training.kept_vectors(MODELS, wanted.common)
    stages: list[str] = []
    assert train_all(parts, recipes, wanted, search, stages.append)
    assert [stage.split()[-1] for stage in stages] == ["misses", "reader-short", "reader-long", "writer"]
    meta = json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))
    assert [part["folder"] for part in meta["training"]["reader"]["mean_of"]] == [
        "reader-short",
        "reader-long",
    ]
    assert meta["training"]["writer"]["step"] == 1
    steps = [part["step"] for part in meta["training"]["reader"]["mean_of"]]
    assert train_all(parts, recipes, replace(wanted, mean_with=tmp_path / "model"), search, stages.append)
    again = json.loads((tmp_path / "model" / "meta.json").read_text(encoding="utf-8"))["training"]
    assert [part["share"] for part in again["reader"]["mean_of"]] == [0.4, 0.3, 0.3]
    assert [part["step"] for part in again["reader"]["mean_of"][:2]] == steps, "nothing is trained twice"
    assert [part["share"] for part in again["writer"]["mean_of"]] == [0.5, 0.5]


def test_a_stop_packs_nothing(
    shipping: tuple[Recipes, ShippingOptions], parts: EncoderParts, tmp_path: Path
) -> None:
    recipes, wanted = shipping
    stages: list[str] = []
    search = training.kept_vectors(MODELS, wanted.common)
    assert not train_all(parts, recipes, wanted, search, stages.append, stop=lambda: True)
    assert [stage.split()[-1] for stage in stages] == ["misses", "reader-short"]
    assert not wanted.out.exists()
