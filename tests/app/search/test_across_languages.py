"""Documents in one language, questions in the other: how the parts that cross are put together."""

from dataclasses import replace
from threading import RLock

import numpy as np
import pytest

from app.composition.lazy import Lazy
from app.composition.runtime import WORDS
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.search import searching
from retrieval.encoder_id import encoder_id
from retrieval.index.word_list import WordList
from retrieval.language_direction import load_direction, save_direction
from tests.retrieval.doubles import HashEmbedder

PAGE = b"# Storage\n\nA quota limits how many files a folder may hold.\n"
QUESTION = "配额是什么？"


@pytest.fixture
def storage(runtime, work):
    collection = collections.create(runtime.db, name="storage").row.id
    record_uploads(runtime, collection, [Upload(name="storage.md", blob=runtime.blobs.put(PAGE))])
    work()


@pytest.mark.usefixtures("storage")
def test_a_chinese_question_finds_english_words(runtime) -> None:
    stages = searching.search(runtime, ["storage"], QUESTION).retrieved.stages
    assert len(stages["lexical"]) == 1


@pytest.mark.usefixtures("storage")
def test_cosines_are_measured_with_less_of_the_encoders_language_direction(runtime, tmp_path) -> None:
    plain = searching.search(runtime, ["storage"], QUESTION).retrieved.stages["dense"][0].score
    (tmp_path / "models" / "encoder").mkdir(parents=True)
    direction = HashEmbedder().embed_queries([QUESTION])[0]
    save_direction(tmp_path / "models" / "encoder", direction, HashEmbedder.model_id)
    measured = Lazy(lambda: load_direction(tmp_path / "models" / "encoder", HashEmbedder.model_id), RLock())
    runtime.lazy = replace(runtime.lazy, language_direction=measured)
    across = searching.search(runtime, ["storage"], QUESTION).retrieved.stages["dense"][0].score
    assert not np.isclose(across, plain)


def test_the_shipped_direction_belongs_to_the_shipped_encoder(settings) -> None:
    folder = settings.models_dir / "encoder"
    direction = load_direction(folder, encoder_id(folder))
    assert direction is not None
    assert direction.shape == (384,)


def test_the_shipped_words_go_both_ways(settings) -> None:
    words = WordList(settings.models_dir / WORDS)
    assert ("quota",) in words.readings("配额")
    assert ("配额",) in words.readings("quota")


@pytest.mark.usefixtures("storage")
def test_translations_go_to_the_generator_where_a_passage_is_in_the_other_language(runtime) -> None:
    found = searching.search(runtime, ["storage"], QUESTION).retrieved.context.passages
    assert ("配额", tuple(runtime.words.translations("配额"))) in searching.translated(
        runtime, QUESTION, found
    )
    assert searching.translated(runtime, "What is a quota?", found) == ()
