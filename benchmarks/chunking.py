"""Decision 0013: chunkers compared by what retrieval makes of their chunks, at equal tokens of context, and by time.

    python -m benchmarks.chunking FILE [FILE ...] [--articles 40] [--sample 200] [--answers 60] [--json]

FILE is a question file as `fathom eval` reads it; each article is one document. Every chunker cuts the same documents,
every question is ranked over its chunks with the same encoder and word index, fused as the program does it, and
the best chunks are read until `--budget` tokens are full. Then

- recall, by budget: share of the characters of the gold evidence (the sentences around the answer) in what was read;
- F1: of the shipped generator's answer from what the last budget reads, a refusal counts 0;
- seconds: cutting and embedding until every chunk has its vector, and of embedding the same chunks alone.

"chunks alone" beside ours embeds each chunk without its neighbours, to tell the cut from the vectors.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.composition.encoder import VOCABULARY
from app.composition.runtime import shipped_parts
from app.measuring.quality.scores import confidence_interval, f1, has_han
from app.measuring.quality.truth import Place
from app.measuring.questions.datasets import Question, QuestionSet
from app.measuring.questions.locate import ParagraphMap
from app.settings.reading import load_settings
from benchmarks.chunkers import Chunker, Cut, Tools, chunkers
from benchmarks.question_sets import chosen
from generator.types import Generated, Generator, Request, SourcePassage
from ingestion.config import ParsingLimits
from ingestion.parser_process import ParserProcess
from ingestion.pipeline import parse
from ingestion.sentences import split_sentences
from ingestion.tokens import load_vocabulary
from ingestion.types import Document, Source
from retrieval.config import FusionConfig
from retrieval.fusion import fuse
from retrieval.index.lexical import TantivyIndex
from retrieval.types import Hit

DEPTH = 50


@dataclass(slots=True)
class Chunks:
    """All chunks of a collection by one chunker."""

    places: list[tuple[int, int, int]] = field(default_factory=list)
    vectors: list[NDArray[np.float32]] = field(default_factory=list)
    seconds: float = 0.0
    embedding_s: float = 0.0


def documents_of(dataset: QuestionSet) -> list[Document]:
    """Articles as the program reads them from text files."""
    with ParserProcess() as parser:
        return [
            parse(
                Source(name=f"{number}.txt", data="\n\n".join(article.paragraphs).encode()),
                ParsingLimits(),
                parser=parser,
            )
            for number, article in enumerate(dataset.articles)
        ]


def gold_of(dataset: QuestionSet, documents: Sequence[Document]) -> list[list[Place]]:
    """For each question the sentences that hold its evidence; of equal answers in several places all."""
    maps = [
        ParagraphMap(document.text, article.paragraphs)
        for document, article in zip(documents, dataset.articles, strict=True)
    ]
    sentences = [split_sentences(document.text) for document in documents]
    golds = []
    for question in dataset.questions:
        places: set[Place] = set()
        for item in question.evidence:
            found = maps[item.article].to_canonical(item.paragraph, item.start, item.end)
            if found is not None:
                touched = [(a, b) for a, b in sentences[item.article] if a < found[1] and found[0] < b]
                places.update((str(item.article), a, b) for a, b in touched)
        golds.append(sorted(places))
    return golds


def cut_all(documents: Sequence[Document], chunker: Chunker, tools: Tools) -> Chunks:
    """Cut all documents and embed the chunks, with the time of both."""
    made = Chunks()
    for number, document in enumerate(documents):
        began = time.perf_counter()
        cut = chunker(document)
        vectors = cut.vectors if cut.vectors is not None else alone(document, cut, tools)
        made.seconds += time.perf_counter() - began
        began = time.perf_counter()
        alone(document, cut, tools)
        made.embedding_s += time.perf_counter() - began
        made.places += [(number, start, end) for start, end in cut.ranges]
        made.vectors.append(vectors)
    return made


def alone(document: Document, cut: Cut, tools: Tools) -> NDArray[np.float32]:
    """Vectors of chunks, each read without its neighbours."""
    return tools.embedder.embed_passages([document.text[start:end] for start, end in cut.ranges])


def rank(
    texts: Sequence[str],
    vectors_ND: NDArray[np.float32],
    questions: Sequence[str],
    asked_QD: NDArray[np.float32],
) -> list[list[int]]:
    """Chunk numbers by question, best first, dense and lexical ranks fused with the program's weights."""
    words = TantivyIndex()
    words.add(range(len(texts)), texts)
    words.commit()
    ranked = []
    for question, asked_D in zip(questions, asked_QD, strict=True):
        cosines_N = vectors_ND @ asked_D
        near = np.argsort(-cosines_N, kind="stable")[:DEPTH].tolist()
        rankings = {
            "dense": [Hit(chunk_id=i, score=float(cosines_N[i])) for i in near],
            "lexical": [Hit(chunk_id=i, score=score) for i, score in words.search(question, DEPTH)],
        }
        ranked.append([hit.chunk_id for hit in fuse(rankings, FusionConfig())])
    words.close()
    return ranked


def fill(
    ranked: Sequence[int], chunks: Chunks, documents: Sequence[Document], tools: Tools, budget: int
) -> list[Place]:
    """Places of the best chunks until the budget of tokens is full; the last one is cut there."""
    places: list[Place] = []
    for number in ranked:
        document, start, end = chunks.places[number]
        tokens = tools.encoding.encode_ordinary(documents[document].text[start:end])
        if len(tokens) >= budget:
            whole = tools.encoding.decode_bytes(tokens[:budget]).decode(errors="ignore")
            return [*places, (str(document), start, start + len(whole))]
        places.append((str(document), start, end))
        budget -= len(tokens)
    return places


def covered(places: Sequence[Place], golds: Sequence[Place], *, every: bool) -> float:
    """Share of the gold characters in the places: of all golds together, or of the best one."""
    read = {(document, at) for document, start, end in places for at in range(start, end)}
    wanted = [
        {(document, at) for document, start, end in [gold] for at in range(start, end)} for gold in golds
    ]
    if every:
        wanted = [set().union(*wanted)]
    return max(len(gold & read) / len(gold) for gold in wanted)


def answer(
    generator: Generator, question: Question, places: Sequence[Place], documents: Sequence[Document]
) -> float:
    """F1 of the answer from what was read.

    Raises:
        RuntimeError: The generator ended without a result.
    """
    passages = []
    for number, (document, start, end) in enumerate(places):
        text = documents[int(document)].text[start:end]
        passages.append(SourcePassage(key=str(number), text=text, sentences=split_sentences(text)))
    for event in generator.stream(Request(question=question.text, passages=passages)):
        if isinstance(event, Generated):
            said = event.text if event.answerable else ""
            return f1(said, question.answers, by_character=has_han("".join(question.answers)))
    raise RuntimeError("the generator ended without a result")


def measure(
    dataset: QuestionSet, tools: Tools, generator: Generator | None, answers: int, budgets: Sequence[int]
) -> dict[str, Any]:
    """All chunkers on one set."""
    documents = documents_of(dataset)
    pairs = [
        (q, gold) for q, gold in zip(dataset.questions, gold_of(dataset, documents), strict=True) if gold
    ]
    questions = [question for question, _ in pairs]
    asked_QD = tools.embedder.embed_queries([question.text for question in questions])
    every = dataset.format == "dragonball"
    report: dict[str, Any] = {}
    for name, chunker in chunkers(tools).items():
        print(f"{dataset.name}: {name}", file=sys.stderr)
        chunks = cut_all(documents, chunker, tools)
        texts = [documents[d].text[start:end] for d, start, end in chunks.places]
        sizes = [tools.count_tokens(text) for text in texts]
        ways = {name: np.concatenate(chunks.vectors)}
        if name == "fathom":
            ways["fathom, chunks alone"] = tools.embedder.embed_passages(texts)
        for way, vectors_ND in ways.items():
            ranked = rank(texts, vectors_ND, [q.text for q in questions], asked_QD)
            row = {
                "chunks": len(texts),
                "tokens_mean": round(float(np.mean(sizes))),
                "tokens_max": max(sizes),
            }
            for budget in budgets:
                read = [fill(order, chunks, documents, tools, budget) for order in ranked]
                recalls = [covered(p, gold, every=every) for p, (_, gold) in zip(read, pairs, strict=True)]
                row |= _percent(f"recall_{budget}", recalls)
            if generator is not None:
                asked = list(zip(questions, read, strict=True))[:answers]
                row |= _percent("f1", [answer(generator, q, p, documents) for q, p in asked])
            if way == name:
                row |= {"seconds": round(chunks.seconds, 2), "embedding_s": round(chunks.embedding_s, 2)}
            report[way] = row
    return {
        "documents": len(documents),
        "questions": len(pairs),
        "budgets": list(budgets),
        "chunkers": report,
    }


def _percent(name: str, values: Sequence[float]) -> dict[str, Any]:
    low, high = confidence_interval(values)
    return {
        name: round(100 * float(np.mean(values)), 1),
        f"{name}_interval": [round(100 * low, 1), round(100 * high, 1)],
    }


def print_table(report: Mapping[str, Any]) -> None:
    """Print one set, a line each chunker."""
    for name, row in report["chunkers"].items():
        print(f"  {name:24}" + "  ".join(f"{key} {value}" for key, value in row.items()))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--articles", type=int, default=40, help="documents a file at most")
    parser.add_argument(
        "--article-from", type=float, default=0.0, help="share of articles to leave out at the start"
    )
    parser.add_argument("--sample", type=int, default=200, help="questions a file at most")
    parser.add_argument("--answers", type=int, default=60, help="of which so many are answered; 0 for none")
    parser.add_argument(
        "--budget",
        type=int,
        nargs="+",
        default=[800, 1_600],
        help="tokens read a question; the last is answered",
    )
    parser.add_argument("--language", help="only articles in this language: zh or en")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    settings, parts = load_settings(), shipped_parts()
    tools = Tools(
        parts.embedder(settings),
        load_vocabulary(settings.models_dir / VOCABULARY),
        parts.count_tokens(settings)[0],
    )
    generator = parts.generator(settings) if options.answers else None
    report = {}
    for file in options.files:
        part = chosen(
            file,
            articles=options.articles,
            sample=options.sample,
            article_from=options.article_from,
            language=options.language,
        )
        report[str(file)] = measure(part, tools, generator, options.answers, options.budget)
        if not options.json:
            print_table(report[str(file)])
    if options.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
