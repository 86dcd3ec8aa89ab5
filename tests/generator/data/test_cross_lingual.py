"""Questions across languages: a term that both pages spell alike is blanked in one and found in the other."""

import random
from pathlib import Path

import pytest

from generator.data.cross_lingual import parallel_examples
from generator.errors import TrainingDataError

ENGLISH = """---
title: Trash
---
# Trash

Deleted files stay for a while.

## Settings

Use the [`--trash-days`](../ref.md) option to keep them for 7 days.

```shell
ferry config --trash-days 7 sqlite
```
"""
CHINESE = """# 回收站

删除的文件会保留一段时间。

## 设置

使用 `--trash-days` 选项可以保留 7 天。

```shell
ferry config --trash-days 7 sqlite
```
"""


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    for language, page in (("en", ENGLISH), ("zh", CHINESE)):
        (tmp_path / language / "guide").mkdir(parents=True)
        (tmp_path / language / "guide" / "trash.md").write_text(page, encoding="utf-8")
    return tmp_path / "en", tmp_path / "zh"


def test_a_term_of_both_languages_is_asked_in_one_and_found_in_the_other(folders: tuple[Path, Path]) -> None:
    english, chinese = folders
    examples = parallel_examples(chinese, english, "set", random.Random(0), most=9)
    answers = {example.passage[a:b] for example in examples for a, b in example.answers}
    assert answers == {"--trash-days", "7"}
    for example in examples:
        assert "设置" in example.passage
        assert "回收站" not in example.passage
        assert "keep them" in example.question
        assert example.group == "set#guide/trash.md"


def test_code_is_read_but_asks_nothing(folders: tuple[Path, Path]) -> None:
    english, chinese = folders
    examples = parallel_examples(english, chinese, "set", random.Random(0), most=9)
    assert examples
    assert all("ferry config" in example.passage for example in examples)
    assert not any("ferry" in example.question for example in examples)


def test_pages_with_other_headings_are_left_out(folders: tuple[Path, Path]) -> None:
    english, chinese = folders
    (english / "guide" / "trash.md").write_text(ENGLISH + "\n## Limits\n\nNone.\n", encoding="utf-8")
    assert parallel_examples(chinese, english, "set", random.Random(0)) == []


def test_folders_without_a_common_page_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no page in common"):
        parallel_examples(tmp_path, tmp_path / "none", "set", random.Random(0))
