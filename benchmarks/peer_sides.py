"""Decision 0030: Fathom, txtai, LlamaIndex and Haystack ingesting text files and searching; one side a process.

`benchmarks/peers.py` starts this, once a side: `python -m benchmarks.peer_sides SIDE JOB.json` prints JSON. Each side
reads the files itself. "defaults" is what its documentation shows first, with all-MiniLM-L6-v2 where that would be
downloaded; "equal" is our encoder in windows of 512 tokens that overlap by 64.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.composition.encoder import VOCABULARY
from app.measuring.speed.texts import token_windows
from ingestion.tokens import load_vocabulary

OVERLAP = 64
QUERY, PASSAGE = "query: ", "passage: "
Found = list[tuple[str, str]]
"""Name of the document and text of the chunk, best first."""


@dataclass(frozen=True, slots=True)
class Side:
    """What a program can do: take a folder in (gives the number of chunks), and search."""

    ingest: Callable[[Path], int]
    search: Callable[[str, int], Found]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is the same for all sides.

    Attributes:
        models: Our models folder.
        minilm: Folder of all-MiniLM-L6-v2.
        encoder: Our encoder in Hugging Face's format.
        home: Empty folder.
    """

    folder: Path
    questions: list[str]
    k: int
    models: Path
    minilm: Path
    encoder: Path
    home: Path


def files_in(folder: Path) -> list[Path]:
    """The files in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def windows(models: Path) -> Callable[[str], list[str]]:
    """Cut a text into windows of tokens."""
    encoding = load_vocabulary(models / VOCABULARY)
    return lambda text: token_windows(text, encoding, overlap=OVERLAP)


def fathom(job: Job) -> Side:
    """Ours, all of it: parser process, database, both indexes, and hits as the REST interface gives them."""
    from app.composition.runtime import build_runtime
    from app.intake import local_files
    from app.library import collections
    from app.search import searching
    from app.search.scope import scope_of
    from app.settings.schema import Settings
    from app.worker import Worker

    runtime = build_runtime(Settings(home=job.home, models_dir=job.models))
    runtime.embedder.embed_queries(["warm"])
    collections.create(runtime.db, name="peers")

    def ingest(folder: Path) -> int:
        local_files.record_files(
            runtime, collections.get(runtime, "peers").row.id, local_files.files_under([folder])
        )
        Worker(runtime).run_pending()
        return scope_of(runtime.db, runtime.settings, ["peers"]).chunks

    def search(question: str, k: int) -> Found:
        result = searching.search(runtime, ["peers"], question, k=k)
        order = [hit.chunk_id for hit in result.retrieved.hits]
        return [(result.documents[i].name, result.passages[i].text) for i in order]

    return Side(ingest, search)


def txtai(job: Job, *, equal: bool) -> Side:
    """An embeddings database of rows: whole files by default, with words beside vectors where all is equal."""
    options: dict[str, Any] = {"path": str(job.minilm), "content": True}
    if equal:
        instructions = {"query": QUERY, "data": PASSAGE}
        options |= {"path": str(job.encoder), "hybrid": True, "instructions": instructions}
    cut = windows(job.models) if equal else lambda text: [text]
    embeddings = importlib.import_module("txtai").Embeddings(**options)

    def rows(folder: Path) -> Iterator[tuple[str, str]]:
        for path in files_in(folder):
            for number, piece in enumerate(cut(path.read_text(encoding="utf-8"))):
                yield f"{path.name}#{number}", piece

    def ingest(folder: Path) -> int:
        embeddings.index(rows(folder))
        return int(embeddings.count())

    def search(question: str, k: int) -> Found:
        return [(row["id"].rsplit("#", 1)[0], row["text"]) for row in embeddings.search(question, k)]

    return Side(ingest, search)


def llama_index(job: Job, *, equal: bool) -> Side:
    """Reader, sentence splitter, vector index in memory."""
    core = importlib.import_module("llama_index.core")
    embedding = importlib.import_module("llama_index.embeddings.huggingface").HuggingFaceEmbedding
    prompts = {"query_instruction": QUERY, "text_instruction": PASSAGE} if equal else {}
    core.Settings.embed_model = embedding(model_name=str(job.encoder if equal else job.minilm), **prompts)
    cut = windows(job.models)
    made: dict[str, Any] = {}

    def ingest(folder: Path) -> int:
        documents = core.SimpleDirectoryReader(str(folder)).load_data()
        if equal:
            node = importlib.import_module("llama_index.core.schema").TextNode
            nodes = [
                node(text=piece, metadata={"file_name": document.metadata["file_name"]})
                for document in documents
                for piece in cut(document.text)
            ]
            made["index"] = core.VectorStoreIndex(nodes)
        else:
            made["index"] = core.VectorStoreIndex.from_documents(documents)
        return len(made["index"].docstore.docs)

    def search(question: str, k: int) -> Found:
        hits = made["index"].as_retriever(similarity_top_k=k).retrieve(question)
        return [(hit.node.metadata["file_name"], hit.node.get_content()) for hit in hits]

    return Side(ingest, search)


def haystack(job: Job, *, equal: bool) -> Side:
    """Splitter of 200 words, document embedder, in-memory store."""
    core = importlib.import_module("haystack")
    splitters = importlib.import_module("haystack.components.preprocessors")
    embedders = importlib.import_module("haystack_integrations.components.embedders.sentence_transformers")
    stores = importlib.import_module("haystack.document_stores.in_memory")
    common = {"model": str(job.encoder if equal else job.minilm), "progress_bar": False}
    common |= {"normalize_embeddings": True} if equal else {}
    passages = embedders.SentenceTransformersDocumentEmbedder(**common, prefix=PASSAGE if equal else "")
    asking = embedders.SentenceTransformersTextEmbedder(**common, prefix=QUERY if equal else "")
    options = {"split_by": "function", "splitting_function": windows(job.models)} if equal else {}
    splitter, store = splitters.DocumentSplitter(**options), stores.InMemoryDocumentStore()
    for part in (passages, asking, splitter):
        part.warm_up()

    def ingest(folder: Path) -> int:
        documents = [
            core.Document(content=path.read_text(encoding="utf-8"), meta={"name": path.name})
            for path in files_in(folder)
        ]
        parts = splitter.run(documents=documents)["documents"]
        return int(store.write_documents(passages.run(documents=parts)["documents"]))

    def search(question: str, k: int) -> Found:
        vector = asking.run(text=question)["embedding"]
        return [(hit.meta["name"], hit.content) for hit in store.embedding_retrieval(vector, top_k=k)]

    return Side(ingest, search)


SIDES: dict[str, Callable[[Job], Side]] = {
    "Fathom": fathom,
    "txtai, defaults": lambda job: txtai(job, equal=False),
    "LlamaIndex, defaults": lambda job: llama_index(job, equal=False),
    "Haystack, defaults": lambda job: haystack(job, equal=False),
    "txtai, equal": lambda job: txtai(job, equal=True),
    "LlamaIndex, equal": lambda job: llama_index(job, equal=True),
    "Haystack, equal": lambda job: haystack(job, equal=True),
}


def peak_mib() -> float:
    """Most memory that this process ever held; `ru_maxrss` would count its parent's too."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def run(name: str, job: Job) -> dict[str, Any]:
    """Take in and search, with times and peak memory."""
    began = time.perf_counter()
    side = SIDES[name](job)
    load_s = time.perf_counter() - began
    began = time.perf_counter()
    chunks = side.ingest(job.folder)
    ingest_s = time.perf_counter() - began
    side.search(job.questions[0], job.k)
    spent, found = [], []
    for question in job.questions:
        began = time.perf_counter()
        found.append(side.search(question, job.k))
        spent.append(time.perf_counter() - began)
    return {
        "load_s": load_s,
        "ingest_s": ingest_s,
        "chunks": chunks,
        "seconds": spent,
        "found": found,
        "peak_mib": peak_mib(),
    }


def main() -> None:
    """Run one side."""
    name, file = sys.argv[1:]
    content = json.loads(Path(file).read_text(encoding="utf-8"))
    paths = {key: Path(content[key]) for key in ("folder", "models", "minilm", "encoder", "home")}
    job = Job(questions=content["questions"], k=content["k"], **paths)
    result = run(name, job)
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()
