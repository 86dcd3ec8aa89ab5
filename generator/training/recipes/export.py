"""Trained runs packed into a model that can be loaded (`fathom train export`)."""

from pathlib import Path

import torch

from generator.errors import CheckpointError
from generator.fathom_small.calibration import Calibration
from generator.fathom_small.config import DecoderConfig, ModelConfig
from generator.fathom_small.loading import save_generator
from generator.training.recipes.parts import EncoderParts
from generator.training.recipes.runs import decoder_config, load_reader, trained_weights


def export_generator(
    parts: EncoderParts, reader_run: Path, writer_run: Path | None, out: Path, calibration: Calibration
) -> None:
    """Put a reader run and a writer run together into a folder that can be loaded; either may be a packed model.

    Without a writer run the decoder is untrained: it answers exactly as the extractive reader does.

    Args:
        parts: The encoder that the runs began with.
        reader_run: Of the reader.
        writer_run: Of the writer, or None.
        out: Where to write.
        calibration: To store with the weights.

    Raises:
        CheckpointError: A run has no checkpoint, or has document layers of its own: a model's are the encoder's.
    """
    reader, reader_record = load_reader(parts, reader_run)
    if reader.train_document:
        raise CheckpointError(f"{reader_run} trained its document layers; train one without --train-document")
    torch.manual_seed(0)
    training = {"reader": reader_record}
    if writer_run is None:
        shape = DecoderConfig()
        decoder = parts.decoder(reader.config.width, shape)
    else:
        state, training["writer"] = trained_weights(writer_run, "writer")
        shape = decoder_config(training["writer"])
        decoder = parts.decoder(reader.config.width, shape)
        own = {k.removeprefix("decoder."): t for k, t in state.items() if k.startswith("decoder.")}
        decoder.load_state_dict(own, strict=False)
    config = ModelConfig(reader=reader.config, decoder=shape)
    save_generator(out, config, reader.reading.state_dict(), decoder.state_dict(), calibration, training)
