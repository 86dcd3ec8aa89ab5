"""The model answers where it is: nothing is built on torch's default device, and scores come to the CPU."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from generator.blocks.kv_cache import KVCache
from generator.blocks.moe import MoE
from generator.errors import CheckpointError
from generator.fathom_small import decoding
from generator.fathom_small.decoder import StepInputs
from generator.fathom_small.loading import load_generator
from generator.types import Event, Generated, Request, SourcePassage
from tests.generator.small_model import SmallModel

FOLDER = Path(decoding.__file__).parent
FACTORIES = {
    "tensor",
    "zeros",
    "ones",
    "full",
    "empty",
    "arange",
    "rand",
    "randn",
    "eye",
    "linspace",
    "as_tensor",
}
PASSAGES = [
    SourcePassage(
        key="a", text="the cat sat on the mat. the dog ran to the park.", sentences=[(0, 23), (24, 48)]
    ),
    SourcePassage(
        key="b", text="条约在1992年签署。 the treaty was signed in Paris.", kept=[(0, 20)], weight=0.5
    ),
]


def requests() -> Iterator[Request]:
    for seed in range(3):
        temperature = 1.5 if seed else 0.0
        yield Request(
            question="who sat?", passages=PASSAGES, temperature=temperature, seed=seed, max_new_tokens=8
        )


def free_writer(small: SmallModel) -> SmallModel:
    """The same model, whose decoder writes and copies at random."""
    with torch.no_grad():
        small.decoder.heads.state_bias.zero_()
        small.decoder.heads.action.bias[3] -= 2
    return small


def untimed(events: list[Event]) -> list[Event]:
    return [replace(event, timings_ms={}) if isinstance(event, Generated) else event for event in events]


def test_nothing_is_built_on_the_default_device(small: SmallModel) -> None:
    """A tensor of the default device, here one without data, could not meet those of the model."""
    generator = free_writer(small).generator()
    for request in requests():
        expected = untimed(list(generator.stream(request)))
        explanation = generator.explain(request)
        generator.forget_passages()
        with torch.device("meta"):
            assert untimed(list(generator.stream(request))) == expected
            assert generator.explain(request) == explanation
            assert all(0 < found < 1 for found in generator.relevance(request.question, PASSAGES))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_every_tensor_is_built_on_a_named_device(path: Path) -> None:
    """Constructors of modules apart: what they build moves with the module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constructed = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "__init__"
        for node in ast.walk(function)
    }
    unnamed = [
        f"{path.name}:{node.lineno}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and id(node) not in constructed
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr in FACTORIES) == ("torch", True)
        and "device" not in {keyword.arg for keyword in node.keywords}
    ]
    assert not unnamed


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """A device of tensors without data, of which copies to the CPU are zeros; no operation takes two devices."""
    original = torch.Tensor.to

    def moved(tensor: torch.Tensor, target: Any, **options: Any) -> torch.Tensor:
        if tensor.is_meta and isinstance(target, torch.device) and target.type == "cpu":
            return torch.zeros_like(tensor, device=target)
        return original(tensor, target, **options)

    monkeypatch.setattr(torch.Tensor, "to", moved)
    # only the blocked form of the experts is known to have shapes without data
    monkeypatch.setattr(MoE, "grouped", MoE.in_blocks)
    return "meta"


def test_reading_and_decoding_stay_on_the_device_of_the_model(tmp_path: Path, elsewhere: str) -> None:
    with torch.device(elsewhere):
        small = SmallModel(tmp_path)
    reader = small.reader()
    reading = reader.read("who sat on the mat?", PASSAGES)
    assert reading is not None
    fused = decoding.fuse(small.decoder, reading, 1.0, (3, 9))
    asked: list[torch.Tensor] = []
    log_probs, _ = small.decoder(
        StepInputs(*torch.zeros(3, 1, 1, dtype=torch.long, device=elsewhere)),
        fused,
        small.document.pieces,
        caches=[KVCache() for _ in small.decoder.layers],
        asked=asked,
    )
    attention_BTN = small.decoder.attention(asked, fused)
    memories = [memory.states_SD for memory in reader.memories.get([p.text for p in PASSAGES])]
    there = [
        reading.read.states_BSD,
        *log_probs,
        attention_BTN,
        fused.bias_BN,
        *fused.prior,
        *fused.projected[0],
    ]
    assert {tensor.device.type for tensor in [*there, *memories]} == {elsewhere}
    on_host = [reading.ids_PS, reading.segment_PS, *reading.read[1:]]
    assert {tensor.device.type for tensor in on_host} == {"cpu"}


def test_a_gpu_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CheckpointError, match="GPU"):
        load_generator(tmp_path, {}, tmp_path / "tokenizer.json", device="cuda")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_gives_the_answers_of_the_cpu(tmp_path: Path) -> None:
    small = free_writer(SmallModel(tmp_path))
    request = next(requests())
    expected, other = small.generator(), None
    (*_, wanted), relevance = expected.stream(request), expected.relevance(request.question, PASSAGES)
    for module in (small.document, small.reading, small.decoder):
        module.to("cuda")
    other = small.generator()
    *_, found = other.stream(request)
    assert isinstance(wanted, Generated)
    assert isinstance(found, Generated)
    assert (found.text, found.phrase, found.spans) == (wanted.text, wanted.phrase, wanted.spans)
    assert found.confidence == pytest.approx(wanted.confidence, abs=1e-3)
    assert other.relevance(request.question, PASSAGES) == pytest.approx(relevance, abs=1e-3)
    assert other.explain(request) is not None
