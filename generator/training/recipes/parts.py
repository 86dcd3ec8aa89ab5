"""Parts of every run: the encoder that is shared with search, its tokenizer, and models over both."""

from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from generator.errors import CheckpointError
from generator.fathom_small.config import DecoderConfig, ReaderConfig
from generator.fathom_small.decoder import Decoder
from generator.fathom_small.loading import read_vocabulary, writable_pieces
from generator.fathom_small.match import PieceMatcher
from generator.training.reader import Reader


class EncoderParts:
    """Tokenizer, vocabulary, matcher and weights of an encoder."""

    def __init__(self, tokenizer: Path, encoder_state: dict[str, Tensor]) -> None:
        """Load the tokenizer and keep the encoder's state.

        Args:
            tokenizer: The encoder's `tokenizer.json`.
            encoder_state: State dict of `transformers.BertModel`.
        """
        self.tokenizer = Tokenizer.from_file(str(tokenizer))
        self.vocabulary = read_vocabulary(tokenizer)
        self.matcher = PieceMatcher.from_vocabulary(self.vocabulary)
        self.encoder = encoder_state
        self.layers = len({name.split(".")[2] for name in self.encoder if name.startswith("encoder.layer.")})

    def reader(self, document_layers: int, *, train_document: bool = False, dropout: float = 0.0) -> Reader:
        """A reader over the encoder's weights.

        Raises:
            CheckpointError: So many layers leave none for reading.
        """
        if not 0 <= document_layers < self.layers:
            raise CheckpointError(f"document layers must be 0 to {self.layers - 1}, not {document_layers}")
        config = ReaderConfig(
            vocab_size=len(self.vocabulary),
            document_layers=document_layers,
            reading_layers=self.layers - document_layers,
        )
        return Reader(config, self.encoder, train_document=train_document, dropout=dropout)

    def decoder(self, width: int, config: DecoderConfig) -> Decoder:
        """An untrained decoder over the encoder's pieces, for read states of a width D."""
        return Decoder(width, config, writable_pieces(self.vocabulary, config.write_pieces))
