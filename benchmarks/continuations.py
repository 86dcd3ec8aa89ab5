"""Decision 0049: follow-ups that ask nothing themselves: how many become the question that is meant.

    python -m benchmarks.continuations [--show]

The pairs are in `continuation_pairs.py`. An understood question is right where it has the words of the one wanted
(stems in English, characters in Chinese) in any order, none more and none less, and asks once. `before` puts the whole
earlier question in front, as was done until these rules.
"""

import argparse
import re

from benchmarks.continuation_pairs import GROUPS, Continuation
from retrieval.follow_up import Turn, standalone_question
from retrieval.index.analysis import analyse

_HAN = re.compile(r"[\u4e00-\u9fff]")
_EMPTY = frozenset(
    ["a", "an", "the", "is", "are", "do", "does", "and", "what", "about", "的", "在", "那", "呢"]
)


def right(understood: str, pair: Continuation) -> bool:
    """Whether a question is one of those wanted."""
    asked = len(re.findall(r"[?？]", understood)) == 1
    return asked and any(_words(understood) == _words(wanted) for wanted in pair.wanted)


def _words(text: str) -> list[str]:
    terms = analyse(text)
    han = _HAN.search(text) is not None
    characters = [gram for gram in terms.grams if len(gram) == 1]
    latin = [word for word in terms.words if not _HAN.search(word)]
    words = characters + latin if han else terms.words
    return sorted(word for word in words if word not in _EMPTY)


def understood(pair: Continuation) -> str:
    """The follow-up as it is understood."""
    return standalone_question(pair.follow_up, [Turn(question=pair.before)])


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--show", action="store_true", help="print every pair that is not right")
    parser.add_argument("--developed-on", action="store_true", help="only the pairs the rules were made on")
    options = parser.parse_args()
    print(f"{'':24}{'pairs':>8}{'before':>8}{'now':>8}")
    for name, pairs in GROUPS.items():
        for part, chosen in (("developed on", pairs[::2]), ("not looked at", pairs[1::2])):
            if options.developed_on and part != "developed on":
                continue
            concatenated = sum(right(f"{pair.before} {pair.follow_up}", pair) for pair in chosen)
            good = [right(understood(pair), pair) for pair in chosen]
            print(f"{name + ', ' + part:28}{len(chosen):>4}{concatenated:>8}{sum(good):>8}")
            if options.show:
                for pair, fine in zip(chosen, good, strict=True):
                    if not fine:
                        print(f"    {pair.before} | {pair.follow_up} -> {understood(pair)}")


if __name__ == "__main__":
    main()
