"""A tiny model over a tiny tokenizer, random but fixed, for tests of everything around the weights."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from generator.fathom_small.calibration import Calibration
from generator.fathom_small.config import DecoderConfig, ModelConfig, ReaderConfig
from generator.fathom_small.decoder import Decoder
from generator.fathom_small.encoder import DocumentLayers, ReadingLayers
from generator.fathom_small.generator import FathomSmall
from generator.fathom_small.loading import read_vocabulary
from generator.fathom_small.match import PieceMatcher
from generator.fathom_small.reading import PassageReader, Reading
from generator.types import SourcePassage

WORDS = "▁the ▁cat ▁sat ▁on ▁mat ▁dog ▁ran ▁to ▁park ▁who ▁where ▁in ▁1992 ▁was ▁signed ▁treaty ▁Paris ▁passage ▁query"
CHARACTERS = "abcdefghijklmnopqrstuvwxyzPT0123456789:.,?!▁猫坐在垫子上狗跑公园谁哪里签署条约巴黎年，。？"


def debug_config(vocab_size: int = 256) -> ModelConfig:
    """A model small enough for tests: two document layers, two reading layers, width 32."""
    return ModelConfig(
        reader=ReaderConfig(
            vocab_size=vocab_size,
            width=32,
            heads=4,
            hidden=64,
            document_layers=2,
            reading_layers=2,
            max_positions=128,
        ),
        decoder=DecoderConfig(
            layers=2,
            heads=4,
            kv_heads=2,
            experts=4,
            expert_hidden=32,
            dense_hidden=64,
            write_pieces=64,
            max_actions=64,
        ),
        name="debug",
    )


def write_tokenizer(folder: Path) -> Path:
    """Write a `tokenizer.json` of the encoder's kind."""
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(word, -5.0 - i / 10) for i, word in enumerate(WORDS.split())]
    pieces += [(character, -9.0 - i / 20) for i, character in enumerate(CHARACTERS)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    return path


class SmallModel:
    """Parts of a debug model, and the generator made of them."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.tokenizer_path = write_tokenizer(folder)
        self.tokenizer = Tokenizer.from_file(str(self.tokenizer_path))
        self.pieces = [piece for piece, _ in read_vocabulary(self.tokenizer_path)]
        self.config: ModelConfig = debug_config(len(self.pieces))
        self.document = DocumentLayers(self.config.reader).eval().requires_grad_(requires_grad=False)
        self.reading = ReadingLayers(self.config.reader).eval().requires_grad_(requires_grad=False)
        with torch.no_grad():
            self.reading.span.weight.mul_(6)
        self.matcher = PieceMatcher.from_vocabulary(read_vocabulary(self.tokenizer_path))
        self.decoder = Decoder(self.config.reader.width, self.config.decoder, torch.arange(4, 4 + 30)).eval()
        self.decoder.requires_grad_(requires_grad=False)

    def reader(self, window: int | None = None) -> PassageReader:
        """A reader with an empty cache."""
        return PassageReader(
            self.document,
            self.reading,
            self.tokenizer,
            self.matcher,
            window or self.config.reader.max_positions,
        )

    def read(self, question: str, *passages: SourcePassage) -> Reading:
        """A reading of passages in which there is something to read."""
        reading = self.reader().read(question, passages)
        assert reading is not None
        return reading

    def generator(self, calibration: Calibration | None = None) -> FathomSmall:
        """The whole generator; by default it always answers."""
        always = Calibration(answer_from=0.0, write_margin=0.0)
        return FathomSmall(
            self.reader(), self.decoder, self.document.pieces, self.pieces, calibration or always, "debug@0"
        )
