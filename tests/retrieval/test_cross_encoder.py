"""Rerankers of sentence-transformers, on a tiny one made here."""

import json
import shutil

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from retrieval.cross_encoder import CrossEncoderScorer
from retrieval.errors import EncoderError
from retrieval.types import Passage

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "duck", "goose", "swan", "pond"]


def save(folder, kind, labels=1):
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=32, model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=32, num_labels=labels, initializer_range=1.0,
    )  # fmt: skip
    model = kind(config).eval()
    model.save_pretrained(folder)
    return model


def passages(*texts):
    return [Passage(chunk_id=i, document_id="d", text=t, start=0, end=len(t)) for i, t in enumerate(texts)]


def test_each_passage_gets_the_models_own_score(tmp_path):
    model = save(tmp_path, BertForSequenceClassification)
    scores = CrossEncoderScorer(tmp_path, batch_size=2)("duck", passages("pond goose", "swan", "duck duck"))
    with torch.inference_mode():
        logit = model(
            input_ids=torch.tensor([[2, 4, 3, 6, 3]]), token_type_ids=torch.tensor([[0, 0, 0, 1, 1]])
        ).logits
    assert scores[1] == pytest.approx(torch.sigmoid(logit).item(), abs=1e-5)
    assert len({round(score, 4) for score in scores}) == 3
    assert CrossEncoderScorer(tmp_path)("duck", []) == []


def test_a_text_beyond_the_window_counts_by_its_beginning(tmp_path):
    save(tmp_path, BertForSequenceClassification)
    score = CrossEncoderScorer(tmp_path)
    long, longer = score("duck", passages("pond " * 100, "pond " * 200))
    assert long == pytest.approx(longer)


def test_a_bare_encoder_is_refused_instead_of_given_a_random_head(tmp_path):
    save(tmp_path, BertModel)
    with pytest.raises(EncoderError, match="scores no pairs"):
        CrossEncoderScorer(tmp_path)


def test_a_classifier_of_several_classes_is_refused(tmp_path):
    save(tmp_path, BertForSequenceClassification, labels=3)
    with pytest.raises(EncoderError, match="3 values a pair"):
        CrossEncoderScorer(tmp_path)


@pytest.mark.parametrize("damage", ["absent", "not json", "a list", "no weights", "damaged weights"])
def test_what_is_no_cross_encoder_is_told(tmp_path, damage):
    folder = tmp_path / "model"
    save(folder, BertForSequenceClassification)
    if damage == "absent":
        shutil.rmtree(folder)
    elif damage == "not json":
        (folder / "config.json").write_text("{")
    elif damage == "a list":
        (folder / "config.json").write_text(json.dumps([1]))
    elif damage == "damaged weights":
        (folder / "model.safetensors").write_bytes(b"\xff" * 100)
    else:
        (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match="model"):
        CrossEncoderScorer(folder)
