"""Word pairs out of texts that say the same in two languages."""

import json
from pathlib import Path

from retrieval.index.parallel_lines import parallel_lines
from retrieval.index.word_list_import import learned
from retrieval.index.word_pairs import word_pairs

ENGLISH = (
    "Back up etcd\nThe cluster keeps metadata in etcd 3.5.\nRun etcdctl snapshot save to back it up.",
    "Mount a bucket\nThe volume is mounted at /mnt by minio.\nA paragraph that nobody translated.\nUse minio 2024.",
)
CHINESE = (
    "挂载存储桶\nminio 将卷挂载到 /mnt。\n使用 minio 2024。",
    "备份 etcd\n集群将元数据保存在 etcd 3.5 中。\n运行 etcdctl snapshot save 进行备份。",
)


def test_texts_find_each_other_by_names_and_lines_by_their_order() -> None:
    pairs = parallel_lines(ENGLISH, CHINESE)
    assert ("Run etcdctl snapshot save to back it up.", "运行 etcdctl snapshot save 进行备份。") in pairs
    assert ("The volume is mounted at /mnt by minio.", "minio 将卷挂载到 /mnt。") in pairs
    assert ("Use minio 2024.", "使用 minio 2024。") in pairs
    assert not any("nobody" in english for english, _ in pairs)


def test_a_text_without_a_partner_teaches_nothing() -> None:
    assert parallel_lines(ENGLISH[:1], CHINESE[:1]) == []
    assert parallel_lines([], CHINESE) == []


LINES = [
    ("The cluster is ready.", "集群就绪。"),
    ("Stop the cluster.", "停止集群。"),
    ("Stop the plugin.", "停止插件。"),
    ("The plugin is ready.", "插件就绪。"),
    ("Stop etcd.", "停止 etcd。"),
    ("Each cluster has a plugin.", "每个集群有一个插件。"),
]


def test_words_that_stand_in_the_same_lines_are_pairs() -> None:
    pairs = word_pairs(LINES)
    assert {("集群", "cluster"), ("插件", "plugin"), ("停止", "stop")} <= set(pairs)
    assert ("集群", "plugin") not in pairs
    assert not any(english == "etcd" for _, english in pairs)


def test_words_that_stand_in_few_lines_are_no_pairs() -> None:
    assert word_pairs(LINES[:1]) == []
    assert word_pairs([]) == []


def test_a_set_in_two_languages_teaches_its_words(tmp_path: Path) -> None:
    english = "\n".join(f"{line} v1.{n}" for n, (line, _) in enumerate(LINES))
    chinese = "\n".join(f"{line} v1.{n}" for n, (_, line) in enumerate(LINES))
    items = [{"lang": "en", "context": english}, {"lang": "zh", "context": chinese}]
    # names that all texts have say nothing of which belong together
    items += [{"lang": "en", "context": "Other v9"}, {"lang": "zh", "context": "别的 v9"}]
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps(item) for item in items), encoding="utf-8")
    assert ("集群", "cluster") in learned([path])
    assert learned([]) == []
