"""A text that comes piece by piece costs by its characters, not by what came before."""

from app.safety.folding import fold
from app.safety.lexicon_filter import LexiconFilter
from app.safety.screen import TextScreen
from app.safety.types import Lexicon
from app.search.masking import blocks


class Counting:
    """A trie that counts how often it is asked."""

    def __init__(self, trie):
        self.trie = trie
        self.asked = 0

    def match(self, key):
        self.asked += 1
        return self.trie.match(key)

    def __contains__(self, key):
        return key in self.trie

    def get(self, key):
        return self.trie.get(key)


def test_a_character_is_compared_once_however_long_the_text_is():
    compiled = LexiconFilter([Lexicon(name="l", level="mask", words=["bluebird", "法轮功", "a" * 60])])
    scan = compiled.scan()
    counting = Counting(scan._words.automaton)
    object.__setattr__(scan._words, "automaton", counting)
    text = "nothing of it stands here, " * 40
    for at in range(0, len(text), 3):
        scan.feed(text[at : at + 3])
        scan.leave(at)
    assert counting.asked <= 2 * len(fold(text))


def test_positions_are_those_of_the_whole_text():
    screen = TextScreen([LexiconFilter([Lexicon(name="l", level="mask", words=["bluebird"])])])
    told = [screen.feed(piece) for piece in ("one b l u", " e b i r d", " two blue", "bird.")] + [
        screen.end()
    ]
    assert "".join(one.text for one in told) == "one ███████████████ two ████████."
    assert [(match.start, match.end) for one in told for match in one.matches] == [(4, 19), (24, 32)]


def test_passages_are_looked_through_only_where_a_lexicon_blocks():
    class Never(LexiconFilter):
        def find(self, text):
            raise AssertionError("not asked")

    assert blocks("bluebird", [Never([Lexicon(name="l", level="mask", words=["bluebird"])])]) == ()
    assert blocks("bluebird", [LexiconFilter([Lexicon(name="l", level="block", words=["bluebird"])])])
