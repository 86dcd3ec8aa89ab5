"""The layers of the encoder and of the decoder. Knows tensors only: neither files nor text."""
