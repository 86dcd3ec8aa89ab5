import tomllib

import pytest

from app.settings.file import write_settings
from app.settings.reading import SettingsError, load_settings

WRITTEN = """# ours
port = 8010

[retrieval] # tuned by hand
k = 6 # enough
candidates = 80

[answers]
max_waiting = 3
"""


def test_values_are_set_and_everything_else_stays(tmp_path, monkeypatch):
    path = tmp_path / "fathom.toml"
    path.write_text(WRITTEN)
    path.chmod(0o600)
    write_settings(path, "retrieval", {"k": 12, "lexical_weight": 0.5})
    text = path.read_text()
    assert tomllib.loads(text) == {
        "port": 8010,
        "retrieval": {"k": 12, "candidates": 80, "lexical_weight": 0.5},
        "answers": {"max_waiting": 3},
    }
    for kept in ("# ours", "[retrieval] # tuned by hand", "k = 12 # enough"):
        assert kept in text
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["fathom.toml"]
    monkeypatch.chdir(tmp_path)
    assert (load_settings().retrieval.k, load_settings().retrieval.lexical_weight) == (12, 0.5)


@pytest.mark.parametrize(
    "before", [None, "", "port = 8010\n", "[answers]\nmax_waiting = 3\n", "retrieval.k = 3\n"]
)
def test_a_missing_file_or_group_is_made(tmp_path, before):
    path = tmp_path / "fathom.toml"
    if before is not None:
        path.write_text(before)
    write_settings(path, "retrieval", {"k": 12})
    expected = tomllib.loads(before or "")
    assert tomllib.loads(path.read_text()) == expected | {"retrieval": {"k": 12}}


@pytest.mark.parametrize("before", [b"k = = 3", b"retrieval = 3\n", b"\xff"])
def test_a_file_that_cannot_be_changed_is_told_and_left_alone(tmp_path, before):
    path = tmp_path / "fathom.toml"
    path.write_bytes(before)
    with pytest.raises(SettingsError, match=r"fathom\.toml"):
        write_settings(path, "retrieval", {"k": 12})
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsError, match="can't be changed"):
        write_settings(tmp_path / "absent" / "fathom.toml", "retrieval", {"k": 12})
