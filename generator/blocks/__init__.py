"""Parts that decoders are built of: pure torch, without files, and without knowledge of any model."""
