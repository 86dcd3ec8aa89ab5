"""Weights on disk: safetensors only. No other package of `generator` reads or writes weights."""
