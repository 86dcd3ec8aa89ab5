"""Decision 0072: fathom-small beside a chat model on the same questions and passages: how right, and how soon.

    python -m benchmarks.chat_model FILE --url http://127.0.0.1:8080/v1 --model NAME [--last 700] [--sample 80] [--json]

FILE is a question file as `fathom eval` reads it; the model server speaks OpenAI's protocol (llama.cpp serves GGUF
files so). Needs nothing of Fathom's own server.

- Quality: each question with its gold paragraph. Ours as answered (a refusal counts 0) and the best phrase; the
  chat model is asked for the shortest answer; and as a floor the sentence nearest to the question by our embeddings.
- Time: five passages of 256 pieces, one question at a time, medians. Ours with no memory of the passages, and with it
  kept. Both programs use the threads they choose; start the server with `--n_threads` to say otherwise.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import torch
from httpx_sse import connect_sse
from tokenizers import Tokenizer

from app.composition.runtime import shipped_parts
from app.measuring.quality.scores import exact_match, f1, has_han
from app.measuring.questions.datasets import Question, QuestionSet, Selection, build
from app.settings.reading import load_settings
from benchmarks.public_sets import read
from benchmarks.rouge import rouge_l
from generator.fathom_small.generator import FathomSmall
from generator.types import Generated, Request, SourcePassage, Token
from ingestion.sentences import split_sentences
from retrieval.protocols import Embedder

PASSAGES, PIECES = 5, 256
LONGEST_ANSWER = 64
ASK = {
    False: "Answer the question from the text with as few words as possible, taken from the text word for word. "
    "Give the answer alone.\n\nText: {text}\n\nQuestion: {question}",
    True: "根据材料回答问题。答案要尽量短，逐字取自材料，只写答案。\n\n材料：{text}\n\n问题：{question}",
}
SCORES = {"em": exact_match, "f1": f1, "rouge_l": rouge_l}
INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")


class ChatModel:
    """A model server, asked one question at a time."""

    def __init__(self, url: str, model: str) -> None:
        self.url, self.model = url.rstrip("/"), model
        self.client = httpx.Client(timeout=600, trust_env=False)

    def answer(self, question: str, passages: Sequence[str]) -> tuple[str, float, float]:
        """Answer, seconds to the first text, and seconds in all."""
        text = "\n\n".join(passages)
        prompt = ASK[has_han(question + text)].format(text=text, question=question)
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": LONGEST_ANSWER,
            "stream": True,
        }
        began, first, said = time.perf_counter(), 0.0, ""
        with connect_sse(self.client, "POST", f"{self.url}/chat/completions", json=body) as source:
            source.response.raise_for_status()
            for event in source.iter_sse():
                if event.data == "[DONE]":
                    break
                delta = json.loads(event.data)["choices"][0]["delta"].get("content") or ""
                if delta and not said:
                    first = time.perf_counter() - began
                said += delta
        return said.strip(), first, time.perf_counter() - began


def ours(generator: FathomSmall, question: str, passages: Sequence[str]) -> tuple[Generated, float, float]:
    """Answer, seconds to the first text (0 where it refuses), and seconds in all.

    Raises:
        RuntimeError: The generator ended without a result.
    """
    sources = [
        SourcePassage(key=str(i), text=text, sentences=split_sentences(text))
        for i, text in enumerate(passages)
    ]
    began, first = time.perf_counter(), 0.0
    for event in generator.stream(Request(question=question, passages=sources)):
        if isinstance(event, Token) and not first:
            first = time.perf_counter() - began
        if isinstance(event, Generated):
            return event, first, time.perf_counter() - began
    raise RuntimeError("the generator ended without a result")


def nearest_sentence(embedder: Embedder, question: str, text: str) -> str:
    """The sentence of a text whose embedding is nearest to the question's."""
    sentences = [text[a:b] for a, b in split_sentences(text)] or [text]
    vectors_ND = embedder.embed_passages(sentences)
    return sentences[int((vectors_ND @ embedder.embed_queries([question])[0]).argmax())]


def quality(
    dataset: QuestionSet, generator: FathomSmall, chat: ChatModel, embedder: Embedder
) -> dict[str, Any]:
    """EM, F1 and ROUGE-L, in percent, of every way to answer."""
    sums: dict[str, list[float]] = {}
    asked = [question for question in dataset.questions if question.answerable]
    refused = 0
    for question in asked:
        text, by_character = gold(dataset, question), has_han("".join(question.answers))
        mine, _, _ = ours(generator, question.text, [text])
        refused += not mine.answerable
        said = {
            "fathom-small": mine.text if mine.answerable else "",
            "its best phrase": mine.phrase,
            "chat model": chat.answer(question.text, [text])[0],
            "nearest sentence": nearest_sentence(embedder, question.text, text),
        }
        for name, answer in said.items():
            for label, score in SCORES.items():
                value = score(answer, question.answers, by_character=by_character)
                sums.setdefault(f"{name}/{label}", []).append(value)
    figures = {name: round(100 * statistics.fmean(values), 1) for name, values in sums.items()}
    return {"questions": len(asked), "refused": refused, **figures}


def gold(dataset: QuestionSet, question: Question) -> str:
    """The paragraph that answers a question."""
    return dataset.articles[question.article].paragraphs[question.paragraph]


def speed(
    dataset: QuestionSet, generator: FathomSmall, chat: ChatModel, tokenizer: Tokenizer, rounds: int
) -> dict[str, Any]:
    """Median milliseconds to the first text and to the end of an answer; refusals of ours are left out."""
    times: dict[str, list[float]] = {}
    stretches = windows(dataset, tokenizer)
    asked = 0
    for question in dataset.questions:
        if asked == rounds:
            break
        passages = [cut(gold(dataset, question), tokenizer)]
        while len(passages) < PASSAGES:
            passages.append(next(stretches))
        generator.reader.memories.clear()
        mine, first, total = ours(generator, question.text, passages)
        if not mine.answerable:
            continue
        asked += 1
        _, kept_first, kept_total = ours(generator, question.text, passages)
        _, chat_first, chat_total = chat.answer(question.text, passages)
        row = {"first": first, "first, kept": kept_first, "first, chat": chat_first}
        row |= {"total": total, "total, kept": kept_total, "total, chat": chat_total}
        for name, seconds in row.items():
            times.setdefault(name, []).append(1000 * seconds)
    median = {name: round(statistics.median(values), 1) for name, values in times.items()}
    ratios = {
        "first / chat": median["first"] / median["first, chat"],
        "first, kept / first": median["first, kept"] / median["first"],
        "total / chat": median["total"] / median["total, chat"],
    }
    return {
        "questions": asked,
        "ms": median,
        "ratios": {name: round(value, 4) for name, value in ratios.items()},
    }


def windows(dataset: QuestionSet, tokenizer: Tokenizer) -> Iterator[str]:
    """Stretches of `PIECES` pieces of running text of the set, over and over."""
    text = "\n".join(p for article in dataset.articles for p in article.paragraphs)
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    while True:
        for at in range(0, len(offsets) - PIECES, PIECES):
            yield text[offsets[at][0] : offsets[at + PIECES - 1][1]]


def cut(text: str, tokenizer: Tokenizer) -> str:
    """The first `PIECES` pieces of a text."""
    offsets = tokenizer.encode(text, add_special_tokens=False).offsets
    return text if len(offsets) <= PIECES else text[: offsets[PIECES - 1][1]]


def machine() -> dict[str, Any]:
    """Cores and instruction sets of this machine."""
    flags = Path("/proc/cpuinfo")
    known = flags.read_text(encoding="utf-8").split() if flags.exists() else []
    return {
        "cores": len(os.sched_getaffinity(0)),
        "torch_threads": torch.get_num_threads(),
        "instructions": [name for name in INSTRUCTIONS if name in known],
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--last", type=int)
    parser.add_argument("--article-from", type=float, default=0.0)
    parser.add_argument("--sample", type=int, default=80)
    parser.add_argument("--rounds", type=int, default=12, help="questions whose time is taken")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    selection = Selection(
        last=options.last, article_from=options.article_from, sample=options.sample, seed=options.seed
    )
    dataset = build(options.file.name, *read(options.file), selection)
    settings = load_settings()
    parts = shipped_parts()
    generator, embedder = parts.generator(settings), parts.embedder(settings)
    if not isinstance(generator, FathomSmall):
        parser.error("this measures fathom-small; set generator to it")
    chat = ChatModel(options.url, options.model)
    tokenizer = Tokenizer.from_file(str(settings.models_dir / "encoder" / "tokenizer.json"))
    report = {
        "set": dataset.name,
        "chat_model": options.model,
        "machine": machine(),
        "speed": speed(dataset, generator, chat, tokenizer, options.rounds),
        "quality": quality(dataset, generator, chat, embedder),
    }
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return
    for part in ("machine", "speed", "quality"):
        print(part)
        for name, value in report[part].items():
            print(f"  {name:24}{value}")


if __name__ == "__main__":
    main()
