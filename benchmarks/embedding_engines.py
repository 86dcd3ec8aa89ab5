"""Decision 0024: engines that could run the encoder: ours, sentence-transformers, ONNX Runtime, OpenVINO.

    python -m benchmarks.embedding_engines [FILE...] [--texts 64] [--rounds 3] [--threads 1]

All get the same weights, the same batches of pieces (sorted by length, padded to the longest), and the same threads;
only sentence-transformers gets texts as they arrive. The runtimes are no dependencies of Fathom; what is not installed
is left out.
"""

import argparse
import importlib
import importlib.util
import io
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from app.intake.local_files import files_under
from app.measuring.speed.embedding import SentenceTransformersPeer
from app.measuring.speed.texts import mixed_paragraphs, read_documents, sample_files
from app.measuring.speed.timing import Run, interleaved, machine
from ingestion.config import ParsingLimits
from retrieval.config import EmbedderConfig
from retrieval.embedder import PASSAGE_PREFIX, SentenceTransformerEmbedder
from retrieval.encoder_weights import load_encoder, load_tokenizer

ENCODER = Path(__file__).resolve().parent.parent / "models" / "encoder"
WINDOW = 512
BATCH_TOKENS = 2_048
Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Forward = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]
"""Piece ids and mask, int64 [B, L], to mean states, float32 [B, D]."""


class MeanStates(nn.Module):
    """The encoder of transformers with its pooling: what the runtimes are given."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, _ = load_encoder(ENCODER)
        self.encoder.set_attn_implementation("sdpa")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Mean of the states of real pieces, [B, D]."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        real = attention_mask[..., None].to(states.dtype)
        return (states * real).sum(1) / real.sum(1)


def engines(threads: int) -> Iterator[tuple[str, Encode]]:
    """All that can be had here, by name; the first is the reference."""
    exact = SentenceTransformerEmbedder(ENCODER, threads=threads, config=EmbedderConfig(dtype="float32"))
    lower = SentenceTransformerEmbedder(ENCODER, threads=threads, config=EmbedderConfig(dtype="bfloat16"))
    yield "sentence-transformers, float32", SentenceTransformersPeer(exact).in_arrival_order
    yield "ours, float32", exact.embed_passages
    yield "ours, bfloat16", lower.embed_passages
    if importlib.util.find_spec("openvino"):
        for precision in ("f32", "bf16"):
            yield f"OpenVINO, {precision}", _sorted_batches(_openvino(precision, threads))
    if importlib.util.find_spec("onnxruntime"):
        yield "ONNX Runtime, float32", _sorted_batches(_onnxruntime(threads))


def _example() -> tuple[Tensor, Tensor]:
    return torch.ones(2, 16, dtype=torch.long), torch.ones(2, 16, dtype=torch.long)


def _openvino(precision: str, threads: int) -> Forward:
    openvino: Any = importlib.import_module("openvino")
    with torch.no_grad():
        converted = openvino.convert_model(MeanStates().eval(), example_input=_example())
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1}
    compiled = openvino.compile_model(converted, "CPU", options)
    return lambda ids, mask: np.asarray(compiled([ids, mask])[0], dtype=np.float32)


def _onnxruntime(threads: int) -> Forward:
    runtime: Any = importlib.import_module("onnxruntime")
    buffer = io.BytesIO()
    sizes = {0: "batch", 1: "length"}
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(
        MeanStates().eval(), _example(), buffer, dynamo=False, opset_version=17,
        input_names=names, output_names=["mean"], dynamic_axes={"mean": {0: "batch"}} | dict.fromkeys(names, sizes),
    )  # fmt: skip
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    session = runtime.InferenceSession(buffer.getvalue(), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: np.asarray(session.run(None, dict(zip(names, (ids, mask), strict=True)))[0])


def _sorted_batches(forward: Forward) -> Encode:
    """Run a forward pass over batches of like length."""
    tokenizer = load_tokenizer(ENCODER)
    pad = tokenizer.token_to_id("<pad>")

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        encoded = tokenizer.encode_batch([PASSAGE_PREFIX + text for text in texts])
        pieces = [part.ids[:WINDOW] for part in encoded]
        order = sorted(range(len(pieces)), key=lambda place: -len(pieces[place]))
        rows: list[NDArray[np.float32]] = []
        start = 0
        while start < len(order):
            longest = len(pieces[order[start]])
            batch = [pieces[place] for place in order[start : start + max(1, BATCH_TOKENS // longest)]]
            ids = np.full((len(batch), longest), pad, dtype=np.int64)
            for row, own in zip(ids, batch, strict=True):
                row[: len(own)] = own
            rows.append(forward(ids, (ids != pad).astype(np.int64)))
            start += len(batch)
        means = np.concatenate(rows)
        vectors = np.empty_like(means)
        vectors[order] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return vectors

    return encode


def compare(texts: Sequence[str], threads: int, rounds: int) -> dict[str, Any]:
    """Texts a second of each engine, and mean cosine to the reference."""
    vectors: dict[str, NDArray[np.float32]] = {}

    def run(name: str, encode: Encode) -> Run:
        def call() -> None:
            vectors[name] = encode(texts)

        return call

    spent = interleaved({name: run(name, encode) for name, encode in engines(threads)}, rounds)
    (reference, first), *_ = spent.items()
    return {
        name: {
            **used.rates("texts", len(texts)),
            "times_reference": round(first.wall_s / used.wall_s, 2),
            "times_reference_cpu": round(first.cpu_s / used.cpu_s, 2),
            "mean_cosine": round(float(np.einsum("nd,nd->n", vectors[reference], vectors[name]).mean()), 6),
        }
        for name, used in spent.items()
    }


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*")
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    files = files_under([Path(name) for name in options.files]) if options.files else sample_files()
    tokenizer = load_tokenizer(ENCODER)
    texts = [
        text  # what sentence-transformers would cut off is no comparison
        for text in mixed_paragraphs(read_documents(files, ParsingLimits()), options.texts)
        if len(tokenizer.encode(PASSAGE_PREFIX + text).ids) <= WINDOW
    ]
    print(
        json.dumps(
            {"texts": len(texts), **machine(), "engines": compare(texts, options.threads, options.rounds)}
        )
    )


if __name__ == "__main__":
    main()
