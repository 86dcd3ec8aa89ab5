"""Recipe files: those that ship are whole and name their licences; one that is not as it must be says where."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from generator.errors import TrainingDataError
from generator.training.recipes.checked import checked, read_recipe, shipped
from generator.training.recipes.reading import ReadingRecipe
from generator.training.recipes.recipe import Recipe
from generator.training.recipes.shipping import ShippingRecipe
from generator.training.recipes.writing import WritingRecipe

SETS = [{"path": "a.json"}]


@pytest.mark.parametrize(("kind", "name"), [(ReadingRecipe, "reading"), (WritingRecipe, "writing")])
def test_sets_of_what_ships_name_their_licences_and_leave_transfer_sets_out(
    kind: type[Recipe], name: str
) -> None:
    recipe = read_recipe(kind, shipped(name))
    assert all(spec.name and spec.licence for spec in recipe.train)
    assert recipe.transfer
    assert not {spec.path for spec in recipe.train} & {spec.path for spec in recipe.transfer}


def test_the_runs_of_what_ships_share_the_time_and_the_weights() -> None:
    recipe = read_recipe(ShippingRecipe, shipped("shipping"))
    assert sum(stage.time for stage in (recipe.short, recipe.long, recipe.writer)) == pytest.approx(1)
    for shares in (recipe.alone, recipe.with_other, recipe.writer_with_other):
        assert sum(shares) == pytest.approx(1)


def test_every_number_of_a_recipe_may_stand_in_its_file() -> None:
    values = {
        "train": SETS,
        "dropout": 0,
        "pairs": {"passage_pieces": [64, 96], "near": 0.5},
        "batch_pieces": {"cpu": 600, "cuda": 900},
        "loss": {"competing": 0.1},
        "optimizer": {"learning_rate": 1e-3, "betas": [0.9, 0.95]},
        "schedule": {"warmup_steps": 7},
    }
    recipe = checked(ReadingRecipe, values, "recipe")
    assert recipe.pairs.passage_pieces == (64, 96)
    assert recipe.pairs.question_pieces == ReadingRecipe(train=()).pairs.question_pieces
    assert (recipe.batch_pieces.cuda, recipe.loss.competing, recipe.dropout) == (900, 0.1, 0.0)
    assert isinstance(recipe.dropout, float)
    assert (recipe.optimizer.betas, recipe.schedule.over(30, 0).warmup_steps) == ((0.9, 0.95), 3)
    assert recipe.paced(2e-3).optimizer.learning_rate == 2e-3


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "recipe must be an object"),
        ({}, "lacks 'train'"),
        ({"train": SETS, "learning_rte": 1}, "'learning_rte', which is not known; known are train"),
        ({"train": "a.json"}, "train must be a list"),
        ({"train": [{"path": 1}]}, r"train\[0\]: path must be of type str"),
        ({"train": [{"path": "a", "limit": "9"}]}, "limit must be of type int"),
        ({"train": [{"path": "a", "compare": 1}]}, "compare must be of type bool"),
        ({"train": [{"path": "a", "repeat": True}]}, "repeat must be of type float"),
        ({"train": SETS, "optimizer": {"betas": [0.9]}}, "betas must have 2 items, not 1"),
    ],
)
def test_what_is_not_as_it_must_be_is_told_with_its_place(values: Any, message: str) -> None:
    with pytest.raises(TrainingDataError, match=message):
        checked(ReadingRecipe, values, "recipe")


def test_a_recipe_like_another_differs_in_the_values_that_it_gives() -> None:
    full, windowed = (read_recipe(WritingRecipe, shipped(name)) for name in ("writing", "writing_windowed"))
    shape = windowed.decoder
    assert [shape.window_of(layer) for layer in range(shape.layers)] == [32, None, 32]
    assert full.decoder.window is None
    assert replace(windowed, decoder=full.decoder) == full


def test_a_file_that_is_missing_or_no_json_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    for path in (broken, tmp_path / "none.json"):
        with pytest.raises(TrainingDataError, match=path.name):
            read_recipe(ReadingRecipe, path)
    broken.write_text(json.dumps({"train": [{"path": "a", "limit": None}]}), encoding="utf-8")
    assert read_recipe(ReadingRecipe, broken).train[0].limit is None
