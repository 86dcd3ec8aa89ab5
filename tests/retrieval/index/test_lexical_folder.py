"""The lexical index's folder: reopened, damaged, owned, killed."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from retrieval.errors import IndexLockedError
from retrieval.index import lexical_folder
from retrieval.index.lexical import TantivyIndex, text_digest

TEXTS = [f"document number {n} about 合同法第{n}条" for n in range(200)]


def fill(folder: Path, seq: int = 5) -> None:
    index = TantivyIndex(folder)
    index.add(range(len(TEXTS)), TEXTS)
    index.commit(seq)
    index.close()


def test_reopened_folder_has_its_texts_and_its_sequence(tmp_path):
    fill(tmp_path, seq=5)
    index = TantivyIndex(tmp_path)
    assert (len(index), index.seq) == (200, 5)
    assert index.search("137", 1)[0][0] == 137
    index.remove([137])
    index.commit()
    index.close()
    again = TantivyIndex(tmp_path)
    assert (len(again), again.seq) == (199, 5)
    again.close()


def test_digests_tell_what_text_is_indexed(tmp_path):
    fill(tmp_path)
    index = TantivyIndex(tmp_path)
    assert index.digests() == {n: text_digest(text) for n, text in enumerate(TEXTS)}
    index.add([3], ["another text"])
    index.remove([4])
    assert index.digests()[3] == text_digest(TEXTS[3])
    index.commit()
    assert index.digests()[3] == text_digest("another text")
    assert sorted(index.ids()) == sorted(set(range(len(TEXTS))) - {4})
    index.close()


def test_changes_without_commit_are_dropped_at_close(tmp_path):
    fill(tmp_path)
    index = TantivyIndex(tmp_path)
    index.add([500], ["late"])
    index.close()
    index = TantivyIndex(tmp_path)
    assert len(index) == 200
    index.close()


def test_folder_has_one_owner(tmp_path):
    index = TantivyIndex(tmp_path)
    with pytest.raises(IndexLockedError):
        TantivyIndex(tmp_path)
    index.close()
    TantivyIndex(tmp_path).close()


def test_damaged_folder_is_emptied_and_says_so(tmp_path):
    rng = random.Random(0)
    for _ in range(12):
        fill(tmp_path)
        files = [p for p in tmp_path.iterdir() if p.stat().st_size > 40 and p.name[0] != "."]
        path = rng.choice([p for p in files if p.suffix != ".json"])
        data = bytearray(path.read_bytes())
        if rng.random() < 0.5:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        else:
            del data[rng.randrange(len(data)) :]
        path.write_bytes(data)
        index = TantivyIndex(tmp_path)
        assert (len(index), index.seq) == (0, 0)
        index.add([1], ["fresh start"])
        index.commit(9)
        assert index.search("fresh", 1)[0][0] == 1
        index.close()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"terms": 0, "seq": 3}', '{"terms": "x"', '{"seq": 3}'])
def test_bad_state_means_starting_again(tmp_path, content):
    fill(tmp_path)
    (tmp_path / "fathom.json").write_text(content)
    index = TantivyIndex(tmp_path)
    assert (len(index), index.seq) == (0, 0)
    index.close()


def test_missing_state_means_starting_again(tmp_path):
    fill(tmp_path)
    (tmp_path / "fathom.json").unlink()
    (tmp_path / "stray").mkdir()
    index = TantivyIndex(tmp_path)
    assert (len(index), index.seq) == (0, 0)
    index.close()


def test_missing_segment_file_means_starting_again(tmp_path):
    fill(tmp_path)
    next(tmp_path.glob("*.term")).unlink()
    index = TantivyIndex(tmp_path)
    assert (len(index), index.seq) == (0, 0)
    index.close()


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", '{"segments": [{}]}', '{"segments": 3}'])
def test_damaged_list_of_segments_means_starting_again(tmp_path, content):
    fill(tmp_path)
    (tmp_path / "meta.json").write_text(content)
    index = TantivyIndex(tmp_path)
    assert (len(index), index.seq) == (0, 0)
    index.close()


def test_new_term_rules_mean_starting_again(tmp_path, monkeypatch):
    fill(tmp_path)
    monkeypatch.setattr(lexical_folder, "VERSION", lexical_folder.VERSION + 1)
    index = TantivyIndex(tmp_path)
    assert index.seq == 0
    index.close()


WRITER = """
import sys
from pathlib import Path
from retrieval.index.lexical import TantivyIndex
index = TantivyIndex(Path(sys.argv[1]))
seq = index.seq
while True:
    seq += 1
    index.add([seq], [f"text{seq} words"])
    index.commit(seq)
    print(seq, flush=True)
"""


@pytest.mark.crash
def test_killed_writer_loses_nothing_that_it_reported(tmp_path):
    rng = random.Random(2)
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as writer:
            first = int(writer.stdout.readline())
            time.sleep(rng.random() * 0.2)
            writer.send_signal(signal.SIGKILL)
            said = [first, *(int(line) for line in writer.stdout if line.strip())]
        index = TantivyIndex(tmp_path)
        assert index.seq in (said[-1], said[-1] + 1)
        # A text may have been committed before its number was written; adding it again then replaces it.
        assert index.seq <= len(index) <= index.seq + 1
        assert index.search(f"text{said[-1]}", 1)[0][0] == said[-1]
        index.close()
