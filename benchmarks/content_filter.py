"""Decision 0090: the content filter's recall by evasion, its matches in benign text, and its cost.

    python -m benchmarks.content_filter LEXICONS --zh TEXTS --en TEXTS [--shapes FILE] [--words 2000] [--json]

LEXICONS are files of one word a line, as of github.com/konsheng/Sensitive-lexicon. TEXTS are benign: files of text, of
JSON lines with `text`, `content` or `context`, or folders of them; so much of them is read as `--characters` says.

- Recall: words are written into a benign sentence as somebody writes who evades filters. Look-alikes are taken from a
  table of this file and not from the filter's, and with --shapes from a list of others (as `raw_data/chars.txt` of
  github.com/codebox/homoglyph): each letter of a word, or one. Letters as digits ("leet") are shown though the filter
  does not claim them. Streamed: the same text in pieces of 1 to 4 characters, where no character of the word may leave.
- Benign: matches per million characters, told apart: the word stands there as the lexicon has it, or only folding,
  gaps or sound made it one. The first is the lexicon's choice, the second is the filter's error.
- Cost: per 1,000 characters, one pass over a text, and fed token by token.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import opencc
import pypinyin

from app.library.lexicons import words_in
from app.measuring.speed.timing import machine
from app.safety.lexicon_filter import LexiconFilter
from app.safety.screen import TextScreen
from app.safety.types import MASK, Lexicon

Evasion = Callable[[str, random.Random], str]
ALIKE = {
    "a": "аɑα", "b": "Ьƅ", "c": "сϲ", "d": "ԁ", "e": "еҽ", "g": "ɡ", "h": "һ", "i": "іı", "j": "ј", "k": "κ", "l": "ӏ",
    "m": "ｍ", "n": "ո", "o": "оοօ", "p": "рρ", "q": "ԛ", "s": "ѕ", "u": "ս", "v": "ѵν", "w": "ԝ", "x": "х", "y": "у",
    "z": "ᴢ",
}  # fmt: skip
LEET = {"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"}
INVISIBLE = "\u200b\u200c\u200d\u2060\u00ad\ufeff"
SEPARATORS = (" ", ".", "-", "*", "·", "_", "　")


SHAPES: dict[str, str] = {}
"""Further shapes by letter, from the file that is named by `--shapes`."""


def read_shapes(text: str) -> None:
    """Take letters of other scripts and styles from lines that begin with an ASCII letter; signs are left out."""
    for line in text.splitlines():
        if line[:1].isascii() and line[:1].isalpha():
            shapes = "".join(one for one in line[1:] if not one.isascii() and one.isalpha())
            SHAPES[line[0].lower()] = SHAPES.get(line[0].lower(), "") + shapes


def is_chinese(word: str) -> bool:
    """Whether a word is of Chinese characters alone."""
    return all("一" <= character <= "鿿" for character in word)


def _each(word: str, change: Callable[[str], str]) -> str:
    return "".join(change(character) for character in word)


def _joined(separators: Sequence[str]) -> Evasion:
    def evade(word: str, chance: random.Random) -> str:
        return chance.choice(separators).join(word)

    return evade


def _mixed_pinyin(word: str, chance: random.Random) -> str:
    at = chance.randrange(len(word))
    return "".join(pypinyin.lazy_pinyin(one)[0] if place == at else one for place, one in enumerate(word))


def _homophones(word: str, chance: random.Random) -> str:
    """The word in other characters of the same sound."""
    return _each(word, lambda one: chance.choice(_of_sound(pypinyin.lazy_pinyin(one)[0], one)))


def _of_sound(sound: str, unless: str) -> str:
    if not _BY_SOUND:
        for code in range(0x4E00, 0x9FA6):
            _BY_SOUND.setdefault(pypinyin.lazy_pinyin(chr(code))[0], []).append(chr(code))
    # characters in use come first in a common coding; rare ones nobody would read
    common = [one for one in _BY_SOUND[sound] if one != unless and one.encode("gb2312", "ignore")]
    return "".join(common) or unless


def _one_letter(word: str, chance: random.Random) -> str:
    at = chance.choice([place for place, one in enumerate(word) if SHAPES.get(one.lower())] or [0])
    return word[:at] + chance.choice(SHAPES.get(word[at].lower()) or word[at]) + word[at + 1 :]


_BY_SOUND: dict[str, list[str]] = {}

CHINESE: dict[str, Evasion] = {
    "as it is": lambda word, _: word,
    "traditional": lambda word, _: opencc.OpenCC("s2t").convert(word),
    "Taiwan": lambda word, _: opencc.OpenCC("s2tw").convert(word),
    "zero width": _joined(INVISIBLE),
    "spacing": _joined(SEPARATORS),
    "line break": lambda word, _: f"{word[0]}\n{word[1:]}",
}
BY_SOUND: dict[str, Evasion] = {
    "pinyin": lambda word, _: "".join(pypinyin.lazy_pinyin(word)),
    "pinyin, spaced": lambda word, _: " ".join(pypinyin.lazy_pinyin(word)),
    "one character in pinyin": _mixed_pinyin,
    "same sound": _homophones,
}
LATIN: dict[str, Evasion] = {
    "as it is": lambda word, _: word,
    "capitals": lambda word, _: word.upper(),
    "full width": lambda word, _: _each(
        word, lambda one: chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one
    ),
    "mathematical": lambda word, _: _each(
        word, lambda one: chr(0x1D5D4 + ord(one.lower()) - 97 + 26) if one.isalpha() else one
    ),
    "accents": lambda word, _: "\u0301".join(word),
    "zero width": _joined(INVISIBLE),
    "spacing": _joined(SEPARATORS),
    "look-alikes": lambda word, chance: _each(word, lambda one: chance.choice(ALIKE.get(one.lower(), one))),
    "shapes of a list": lambda word, chance: _each(
        word, lambda one: chance.choice(SHAPES.get(one.lower()) or one)
    ),
    "one such letter": lambda word, chance: _one_letter(word, chance),
    "leet (not claimed)": lambda word, _: _each(word, lambda one: LEET.get(one.lower(), one)),
}


def recall(
    words: Sequence[str], evasion: Evasion, sentences: Sequence[str], compiled: LexiconFilter, seed: int
) -> dict[str, Any]:
    """Share of the words that are found, and that are found before a character of them leaves a stream."""
    chance = random.Random(seed)
    found = streamed = tried = 0
    for word in words:
        written = evasion(word, chance)
        sentence = chance.choice(sentences)
        text, start = f"{sentence} {written} {sentence}", len(sentence) + 1
        end = start + len(written)
        tried += 1
        hit = any(
            match.start < end and match.end > start and match.word == word for match in compiled.find(text)
        )
        found += hit
        streamed += hit and not _leaks(text, (start, end), compiled, chance)
    return {"words": tried, "recall": found / tried, "streamed": streamed / tried}


def _leaks(text: str, place: tuple[int, int], compiled: LexiconFilter, chance: random.Random) -> bool:
    """Whether the word as a whole can be read in what leaves a stream of small pieces."""
    screen, left, at = TextScreen([compiled]), "", 0
    while at < len(text):
        size = chance.randint(1, 4)
        left += screen.feed(text[at : at + size]).text
        at += size
    left += screen.end().text
    return MASK not in left[place[0] : place[1]]


def benign(texts: Sequence[str], compiled: LexiconFilter) -> dict[str, Any]:
    """Matches in benign texts: those that stand there as the lexicon has them, and those that the filter made."""
    literal = made = 0
    documents = 0
    examples: list[str] = []
    for text in texts:
        wrong = 0
        for match in compiled.find(text):
            said = text[match.start : match.end]
            if said.lower() == match.word.lower():
                literal += 1
            else:
                wrong += 1
                examples.append(f"{match.word} = {said!r}")
        made += wrong
        documents += wrong > 0
    characters = sum(map(len, texts))
    chosen = random.Random(0).sample(examples, min(8, len(examples)))
    return {
        "texts": len(texts),
        "characters": characters,
        "literal per million": literal / characters * 1e6,
        "made by the filter per million": made / characters * 1e6,
        "texts with one made": documents / len(texts),
        "examples": chosen,
    }


def cost(texts: Sequence[str], compiled: LexiconFilter) -> dict[str, float]:
    """Milliseconds per 1,000 characters, medians over texts cut to 1,000."""
    pieces = [text[:1000] for text in texts if len(text) >= 1000][:200]
    compiled.find(pieces[0])
    whole = [_ms(lambda text=text: compiled.find(text)) for text in pieces]  # type: ignore[misc]
    fed = [_ms(lambda text=text: _feed(text, compiled)) for text in pieces[:50]]  # type: ignore[misc]
    return {"whole": statistics.median(whole), "streamed": statistics.median(fed)}


def _feed(text: str, compiled: LexiconFilter) -> None:
    screen = TextScreen([compiled])
    for at in range(0, len(text), 2):
        screen.feed(text[at : at + 2])
    screen.end()


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def texts_of(path: Path, most: int) -> list[str]:
    """Texts of a file or folder, until so many characters are read."""
    found: list[str] = []
    for text in _texts(path):
        if most <= 0:
            break
        found.append(text[:20_000])
        most -= len(found[-1])
    return found


def _texts(path: Path) -> Iterator[str]:
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        if file.suffix == ".jsonl":
            for line in file.open(encoding="utf-8"):
                row = json.loads(line)
                yield str(
                    row.get("text") or row.get("content") or row.get("context") or row.get("answer") or ""
                )
        elif file.suffix in {".md", ".txt"}:
            yield file.read_text(encoding="utf-8", errors="replace")


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    words = sorted(
        {word for file in arguments.lexicons for word in words_in(file.read_text(encoding="utf-8"))}
    )
    zh, en = (texts_of(path, arguments.characters) for path in (arguments.zh, arguments.en))
    chance = random.Random(0)
    chinese = [word for word in words if is_chinese(word) and 2 <= len(word) <= 8]
    latin = [word for word in words if word.isascii() and word.isalpha() and len(word) >= 4]
    chinese, latin = (chance.sample(some, min(arguments.words, len(some))) for some in (chinese, latin))
    three = [word for word in chinese if len(word) >= 3]
    began = time.perf_counter()
    plain = LexiconFilter([Lexicon(name="all", level="mask", words=words)])
    compiled_s = time.perf_counter() - began
    began = time.perf_counter()
    sounding = LexiconFilter([Lexicon(name="all", level="mask", words=words, pinyin=True)])
    sounding_s = time.perf_counter() - began
    zh_said, en_said = (
        [text[200:230].replace("\n", " ") for text in some if len(text) > 300] for some in (zh, en)
    )
    report: dict[str, Any] = {
        "machine": machine(), "words": len(words), "compile_s": compiled_s, "compile_pinyin_s": sounding_s,
        "recall": {
            **{f"zh, {name}": recall(chinese, one, zh_said, plain, 1) for name, one in CHINESE.items()},
            **{f"zh by sound, {name}": recall(three, one, zh_said, sounding, 1) for name, one in BY_SOUND.items()},
            **{f"en, {name}": recall(latin, one, en_said, plain, 1) for name, one in LATIN.items()},
        },
    }  # fmt: skip
    report["benign"] = {
        f"{language}{' with pinyin' if compiled is sounding else ''}": benign(texts, compiled)
        for language, texts in (("zh", zh), ("en", en))
        for compiled in (plain, sounding)
    }
    report["ms per 1,000 characters"] = {
        f"{language}{' with pinyin' if compiled is sounding else ''}": cost(texts, compiled)
        for language, texts in (("zh", zh), ("en", en))
        for compiled in (plain, sounding)
    }
    return report


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lexicons", type=Path, nargs="+")
    parser.add_argument("--zh", type=Path, required=True)
    parser.add_argument("--en", type=Path, required=True)
    parser.add_argument("--shapes", type=Path, help="lines of a letter and what looks like it")
    parser.add_argument("--words", type=int, default=2000)
    parser.add_argument("--characters", type=int, default=2_000_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.shapes:
        read_shapes(arguments.shapes.read_text(encoding="utf-8"))
    report = measure(arguments)
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
        return
    print(
        f"{report['words']:,} words, compiled in {report['compile_s']:.1f} s ({report['compile_pinyin_s']:.1f} s)"
    )
    for name, row in report["recall"].items():
        print(f"{name:40} {row['words']:6} {row['recall']:8.4f} {row['streamed']:8.4f}")
    for name, row in report["benign"].items():
        print(name, {key: value for key, value in row.items() if key != "examples"})
        for example in row["examples"]:
            print("   ", example)
    for name, row in report["ms per 1,000 characters"].items():
        print(name, row)


if __name__ == "__main__":
    main()
