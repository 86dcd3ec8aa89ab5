"""The reader in training: dropout, scores of development and transfer, and nothing that leaves its device."""

import pytest
import torch

from generator.data.batches import ReadingBatch
from generator.data.pairs import PairBatch
from generator.fathom_small.config import ReaderConfig
from generator.training.reader import PieceScores, Reader, ReaderLoss, best_spans
from tests.generator.small_model import debug_config

VOCABULARY = 50


def encoder_weights(config: ReaderConfig) -> dict[str, torch.Tensor]:
    """Random weights under the names of `transformers.BertModel`."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator) / 8

    D, hidden = config.width, config.hidden
    state = {
        "embeddings.word_embeddings.weight": draw(config.vocab_size, D),
        "embeddings.position_embeddings.weight": draw(config.max_positions, D),
        "embeddings.token_type_embeddings.weight": draw(config.token_types, D),
        "embeddings.LayerNorm.weight": torch.ones(D),
        "embeddings.LayerNorm.bias": torch.zeros(D),
    }
    shapes = {f"attention.self.{name}": (D, D) for name in ("query", "key", "value")}
    shapes |= {
        "attention.output.dense": (D, D),
        "intermediate.dense": (hidden, D),
        "output.dense": (D, hidden),
    }
    for i in range(config.document_layers + config.reading_layers):
        for name, shape in shapes.items():
            state[f"encoder.layer.{i}.{name}.weight"] = draw(*shape)
            state[f"encoder.layer.{i}.{name}.bias"] = draw(shape[0])
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            state[f"encoder.layer.{i}.{name}.weight"] = torch.ones(D)
            state[f"encoder.layer.{i}.{name}.bias"] = torch.zeros(D)
    return state


def batch(config: ReaderConfig) -> ReadingBatch:
    generator = torch.Generator().manual_seed(1)
    question_BQ = torch.randint(0, VOCABULARY, (2, 4), generator=generator)
    passage_BS = torch.randint(0, VOCABULARY, (2, 9), generator=generator)
    return ReadingBatch(
        question_BQ,
        torch.ones_like(question_BQ, dtype=torch.bool),
        passage_BS,
        torch.ones_like(passage_BS, dtype=torch.bool),
        torch.zeros(2, 4, config.match_features),
        torch.zeros(2, 9, config.match_features),
        torch.tensor([[[1, 2]], [[3, 3]]]),
    )


def test_dropout_is_for_training_and_for_the_reading_layers_alone() -> None:
    config = debug_config(VOCABULARY).reader
    weights, rows = encoder_weights(config), batch(config)
    torch.manual_seed(0)
    plain = Reader(config, weights)
    noisy = Reader(config, weights, dropout=0.3)
    noisy.load_state_dict(plain.state_dict())

    assert plain.train()(rows).start_BS.equal(plain(rows).start_BS)
    assert not noisy.train()(rows).start_BS.equal(noisy(rows).start_BS)
    memories = [noisy.document(rows.passage_BS, rows.passage_mask_BS) for _ in range(2)]
    assert memories[0].equal(memories[1])
    assert noisy.eval()(rows).start_BS.equal(plain(rows).start_BS)


def test_transfer_counts_as_much_as_development() -> None:
    config = debug_config(VOCABULARY).reader
    reader, rows = Reader(config, encoder_weights(config)).eval(), batch(config)
    right = PieceScores([("a", rows)], reader)
    with torch.no_grad():
        spans = [[list(span)] for span in best_spans(reader(rows)).tolist()]
        hit, missed = (
            rows._replace(answers_BN2=torch.tensor(answers)) for answers in (spans, [[[8, 8]], [[8, 8]]])
        )
        missed = missed if spans != missed.answers_BN2.tolist() else hit
        scores = PieceScores([("a", hit), ("b", missed)], reader, [("c", hit)])()
        assert scores["a/f1"] == scores["transfer/c/em"] == 100
        assert scores["score"] == pytest.approx(((100 + scores["b/f1"]) / 2 + 100) / 2)
        assert right()["score"] == pytest.approx(right()["a/f1"])
        assert "score" not in PieceScores([], reader)()


def test_a_loss_is_computed_where_its_batch_is() -> None:
    """Any tensor that is made on the default device, and not where the inputs are, can not meet them."""
    config = debug_config(VOCABULARY).reader
    reader, rows = Reader(config, encoder_weights(config)), batch(config)
    pairs = PairBatch(rows, torch.tensor([2, 0]), torch.tensor([True, False]))
    loss = ReaderLoss(reader, compile_model=False, teacher=Reader(config, encoder_weights(config)))
    with torch.device("meta"):
        value, metrics = loss(pairs)
        value.backward()
        best_spans(reader(rows))
    assert value.device.type == "cpu"
    assert set(metrics) == {"span", "relevance", "competing", "distilled", "rows"}
