#!/usr/bin/env bash
# Guess: `rjieba.tag`, the Rust port's part-of-speech tagger, gives the words and tags that `jieba.posseg.cut` gives.
# Seen with rjieba 0.2.2 and jieba 0.42.1: it tags the words of the plain segmenter (`rjieba.cut`), each by the dictionary,
# where jieba's tagger has a model of its own that cuts unknown words and tags them together. So a name takes the next word in:
#   张三在2023年1月1日买了苹果   jieba.posseg: 张三/nr 在/p … 日/m 买/v    rjieba: 张三在/nr … 日买/v
# while `jieba.cut` and `rjieba.cut` agree with each other. Rules over tags that were made with one don't carry over to the other.
# Ends with 1 where that is no longer so. Needs pip and a package index; takes about ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check rjieba==0.2.2 jieba==0.42.1 "setuptools<81"
"$folder/venv/bin/python" -W ignore - <<'PY'
import logging

import jieba
import jieba.posseg
import rjieba

jieba.setLogLevel(logging.ERROR)
TEXT = "张三在2023年1月1日买了苹果"
python = [(word.word, word.flag) for word in jieba.posseg.cut(TEXT)]
rust = [tuple(pair) for pair in rjieba.tag(TEXT)]
print("jieba.posseg:", " ".join(f"{word}/{tag}" for word, tag in python))
print("rjieba.tag:  ", " ".join(f"{word}/{tag}" for word, tag in rust))
same_words = list(jieba.cut(TEXT)) == list(rjieba.cut(TEXT)) == [word for word, _ in rust]
print("jieba.cut, rjieba.cut and rjieba.tag have the same words:", same_words)
assert same_words
assert ("张三", "nr") in python and ("买", "v") in python
assert ("张三在", "nr") in rust and ("日买", "v") in rust
PY
