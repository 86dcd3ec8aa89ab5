import pytest

from retrieval.config import (
    CompressionConfig,
    EmbedderConfig,
    FusionConfig,
    HnswConfig,
    LexicalConfig,
    RetrievalConfig,
)


@pytest.mark.parametrize(
    ("config", "options"),
    [
        (HnswConfig, {"m": 1}),
        (HnswConfig, {"ef_construction": 3}),
        (HnswConfig, {"ef_search": 0}),
        (HnswConfig, {"ef_grows_above": 0}),
        (HnswConfig, {"rows_per_candidate": -1.0}),
        (HnswConfig, {"compact_above": 0.0}),
        (HnswConfig, {"exact_below": -1}),
        (LexicalConfig, {"gram_boost": -1}),
        (EmbedderConfig, {"dtype": "int3"}),
        (EmbedderConfig, {"batch_tokens": 0}),
        (FusionConfig, {"constant": -1}),
        (FusionConfig, {"dense_weight": -1}),
        (CompressionConfig, {"max_tokens": 0}),
        (CompressionConfig, {"keep_share": 0}),
        (CompressionConfig, {"semantic_weight": -1}),
        (CompressionConfig, {"neighbour_bonus": 2}),
        (RetrievalConfig, {"candidates": 0}),
        (RetrievalConfig, {"mmr_lambda": 1.1}),
        (RetrievalConfig, {"max_per_document": 0}),
        (RetrievalConfig, {"neighbours": -1}),
    ],
)
def test_impossible_settings_are_refused(config, options):
    config()
    with pytest.raises(ValueError, match=r"\w{3}"):
        config(**options)


def test_more_vectors_have_more_candidates():
    config = HnswConfig(ef_search=100, ef_grows_above=1_000)
    assert [config.candidates(count) for count in (0, 1_000, 4_000, 1_000_000)] == [100, 100, 200, 3163]
