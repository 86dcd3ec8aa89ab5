import numpy as np
import pytest
import tiktoken

from app.errors import InvalidInputError
from app.intake.local_files import files_under
from app.measuring.speed.embedding import measure_chunking, measure_embedding
from app.measuring.speed.texts import mixed_paragraphs, read_documents, sample_files, token_windows
from ingestion.config import ChunkingConfig, ParsingLimits
from tests.retrieval.doubles import HashEmbedder, count_words

BYTES = tiktoken.Encoding(
    name="bytes", pat_str=r"[\s\S]", mergeable_ranks={bytes([b]): b for b in range(256)}, special_tokens={}
)


@pytest.fixture
def documents(tmp_path):
    (tmp_path / "birds.md").write_text("# Ducks\n\n" + "Ducks swim. They eat weeds. " * 40)
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    return read_documents(files_under([tmp_path]), ParsingLimits())


def test_files_that_cannot_be_read_are_left_out(documents, tmp_path):
    assert [document.title for document in documents] == ["Ducks"]
    (tmp_path / "birds.md").unlink()
    with pytest.raises(InvalidInputError, match="None of the files"):
        read_documents(files_under([tmp_path]), ParsingLimits())


def test_samples_are_documents_and_paragraphs_are_drawn_by_the_seed(documents):
    assert len(sample_files()) > 5
    drawn = mixed_paragraphs(documents, 20, seed=1)
    assert drawn == mixed_paragraphs(documents, 20, seed=1)
    assert all(text in documents[0].text for text in drawn)


def test_windows_hold_as_many_tokens_as_they_may():
    assert token_windows("abcdefg", BYTES, 3) == ["abc", "def", "g"]
    assert token_windows("abc   ", BYTES, 3) == ["abc"]
    assert token_windows("abcdefg", BYTES, 3, overlap=1) == ["abc", "cde", "efg"]
    assert token_windows("", BYTES, 3) == []


def test_a_character_that_a_cut_would_part_goes_to_the_window_after_it():
    assert token_windows("ab渡轮c", BYTES, 4) == ["ab", "渡轮", "c"]


def test_embedding_is_compared_with_every_peer():
    embedder = HashEmbedder()
    peers = {"same": embedder.embed_passages, "other": lambda texts: -embedder.embed_passages(texts)}
    result = measure_embedding(["duck", "goose"], embedder.embed_passages, peers, rounds=2)
    assert [peer["mean_cosine"] for peer in result["peers"]] == pytest.approx([1, -1], abs=1e-5)
    assert result["ratio"] == result["peers"][0]["ratio"] > 0
    assert result["texts_per_s"] > 0
    assert (result["texts"], result["characters"]) == (2, 9)


def test_chunking_is_compared_with_windows_and_with_embedding_alone(documents):
    embedded = []

    class Counting(HashEmbedder):
        def embed_passages(self, texts):
            embedded.append(len(texts))
            return super().embed_passages(texts)

    config = ChunkingConfig(max_tokens=64, target_tokens=48)
    result = measure_chunking(
        documents, Counting(), count_words, lambda text: token_windows(text, BYTES, 200), config, rounds=1
    )
    windows, alone = result["peers"]
    assert alone["chunks"] == result["chunks"] == embedded[-1]
    assert windows["chunks"] == -(-len(documents[0].text.encode()) // 200) == embedded[0]
    assert result["characters"] == len(documents[0].text)
    assert 0 < result["tokens_per_chunk"] <= 64
    assert result["ratio"] == windows["ratio"] > 0
    assert np.isfinite(alone["ratio"])
