"""English continuations ("What about Windows?"), which ask nothing alone and are put into the previous question.

What is named takes the place of the noun phrase that it is parallel to: one with the same head ("the Team plan"), of
the same kind (a year, a version, a name), or of the same form behind the same preposition. What is a condition ("if …",
"in the Enterprise edition") or has no counterpart is added at the end.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from retrieval.index.analysis import analyse, folded


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OPENING = re.compile(
    r"^(?:(?:and|but|or|also|plus|so|then|even|only)\b|(?:what|how) about\b|"
    r"(?:the )?same (?:question )?(?=for\b|with\b)|[\s,;:\-]+)+",
    re.IGNORECASE,
)
_ENDING = re.compile(r"[\s?.!,;:]+$")
_TOKEN = re.compile(r"[^\W_]+(?:['’\-._/][^\W_]+)*|[^\w\s]")
_ARGUMENTS = _set("for of to from by about against")
_CONDITIONS = _set("if when while because unless once after before until since without during whether")
_PREPOSITIONS = (
    _ARGUMENTS
    | _CONDITIONS
    | _set(
        "in on at with within under over between among into onto through via per as than across inside outside below "
        "above behind like"
    )
)
_DETERMINERS = _set(
    "the a an my our your his her its their this that these those any some each every no all both"
)
_SUBJECTS = _set("i you we they he she it one people somebody someone anyone")
_AUXILIARIES = _set(
    "do does did is are was were has have had can could will would should may might must been be"
)
_OTHERS = _set(
    "what who whom whose when where which why how and or but not so there here many much more most also too else "
    "please long often far old big large fast tall deep high soon default"
)
_EMPTY = _PREPOSITIONS | _DETERMINERS | _SUBJECTS | _AUXILIARIES | _OTHERS
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_NUMBER = re.compile(r"v?\d[\d.,]*")


class _Token(NamedTuple):
    start: int
    end: int
    text: str


class _Phrase(NamedTuple):
    """A noun phrase in a question.

    Attributes:
        words: Without the determiner.
        determiner: The word before them that is one, or None.
        preposition: That governs it; "" for none.
        subject: Whether it follows an auxiliary, so that its verb may stand at its end.
    """

    words: Sequence[_Token]
    determiner: _Token | None
    preposition: str
    subject: bool

    def span(self, last: int | None = None) -> tuple[int, int]:
        """Range in the text, from the determiner to the last word or to the word number `last`."""
        end = self.words[-1 if last is None else last].end
        return (self.determiner or self.words[0]).start, end


def continued_in_english(before: str, follow_up: str) -> str | None:
    """The previous question, with the part that a continuation replaces in it or adds to it.

    Args:
        before: A question that stands alone.
        follow_up: What goes on from it and asks nothing itself, such as "And in the Enterprise edition?".

    Returns:
        One question; None where the continuation names nothing ("What else?").
    """
    said = _ENDING.sub("", _OPENING.sub("", follow_up.strip()))
    tokens = _tokens(said)
    if not any(_says(token.text) for token in tokens):
        return None
    first = folded(tokens[0].text)
    preposition = first if first in _PREPOSITIONS and len(tokens) > 1 else ""
    named = said[tokens[1].start :] if preposition else said
    place = None if preposition in _CONDITIONS else _replaced(before, named, preposition)
    if place is not None:
        start, end = place
        return f"{before[:start]}{named}{before[end:]}".strip()
    ending = _ENDING.search(before)
    whole, mark = (before[: ending.start()], ending.group().strip()) if ending else (before, "")
    return f"{whole} {said if preposition else f'for {said}'}{mark or '?'}".strip()


def _replaced(before: str, named: str, preposition: str) -> tuple[int, int] | None:
    """Range of the question before whose place is taken."""
    phrases = _phrases(before)
    target = next(iter(_phrases(named)), None)
    if target is None:
        return None
    beside = [phrase for phrase in phrases if preposition and phrase.preposition == preposition]
    others = [phrase for phrase in phrases if phrase not in beside]
    bare = not preposition or (preposition in _ARGUMENTS and not beside)
    searched = [*beside, *others] if bare or preposition in _ARGUMENTS else beside
    for find in (_same_head, _same_kind):
        for phrase in searched:
            found = find(before, phrase, target)
            if found is not None:
                return found
    if preposition in _ARGUMENTS and beside:
        return beside[-1].span()
    if any(_shared_words(phrase, target) for phrase in beside):
        return next(phrase.span() for phrase in beside if _shared_words(phrase, target))
    if not bare or _kind_of_all(target.words):
        return None
    return _same_form(phrases, target)


def _shared_words(first: _Phrase, second: _Phrase) -> bool:
    """Whether two phrases have a word in common, whatever its ending."""
    return bool({_stem(word.text) for word in first.words} & {_stem(word.text) for word in second.words})


def _same_head(_: str, phrase: _Phrase, target: _Phrase) -> tuple[int, int] | None:
    """The phrase up to the word that is the head of the new phrase."""
    head = _stem(target.words[-1].text)
    for place, word in enumerate(phrase.words):
        if _stem(word.text) == head:
            return phrase.span(place)
    return None


def _same_kind(before: str, phrase: _Phrase, target: _Phrase) -> tuple[int, int] | None:
    """The year, number or name in a phrase, if the new phrase is one."""
    wanted = _kind_of_all(target.words)
    if not wanted:
        return None
    alike = [word for word in phrase.words if _kind(word, before, word.start) == wanted]
    if not alike:
        return None
    last = alike[0]
    for word in alike[1:]:  # the rest of a name of several words
        if before[last.end : word.start] != " ":
            break
        last = word
    place = phrase.words.index(alike[0])
    said = {_stem(word.text) for word in target.words}
    while place and _stem(phrase.words[place - 1].text) in said:
        place -= 1  # "version 1.2" for "version 1.1"
    start = phrase.words[place].start
    whole = not place and phrase.determiner is not None and target.determiner is not None
    return (phrase.determiner.start if whole and phrase.determiner else start), last.end


def _same_form(phrases: Sequence[_Phrase], target: _Phrase) -> tuple[int, int] | None:
    """A phrase with the same article and number; phrases after "of" and "for" go first."""
    order = sorted(phrases, key=lambda phrase: phrase.preposition not in {"of", "for"})
    for phrase in order:
        words = phrase.words
        if phrase.subject and len(words) > 1:
            words = words[: min(len(target.words), len(words) - 1)]
        alike = _plural(words[-1]) == _plural(target.words[-1])
        article = folded(phrase.determiner.text) if phrase.determiner else ""
        wanted = folded(target.determiner.text) if target.determiner else ""
        if alike and article.rstrip("n") == wanted.rstrip("n"):
            return phrase.span(len(words) - 1)
    return None


def _kind_of_all(words: Sequence[_Token]) -> str:
    """Kind of the new phrase: the kind of its number, else "name" where every word is capitalised."""
    kinds = [_kind(word, "", -1) for word in words]
    number = next((kind for kind in kinds if kind and kind != "name"), "")
    return number or ("name" if kinds and all(kind == "name" for kind in kinds) else "")


def _kind(word: _Token, text: str, start: int) -> str:
    """Kind of a word: "year", "number", "name", or "" for none; a capital at the start of the text is no sign."""
    if _YEAR.fullmatch(word.text):
        return "year"
    if _NUMBER.fullmatch(word.text):
        return "number"
    return "name" if word.text[0].isupper() and (start != 0 or not text) else ""


def _phrases(text: str) -> list[_Phrase]:
    """Runs of words that say something, parted by all others."""
    phrases: list[_Phrase] = []
    run: list[_Token] = []
    determiner: _Token | None = None
    preposition, before = "", ""
    for token in [*_tokens(text), _Token(len(text), len(text), ".")]:
        word = folded(token.text)
        if _says(word):
            run.append(token)
            continue
        if run:
            # "how do I mount volumes": what follows the subject is the verb
            verb = before in _SUBJECTS
            if run[verb:]:
                phrases.append(_Phrase(run[verb:], determiner, preposition, before in _AUXILIARIES))
            run, determiner, preposition, before = [], None, "", ""
        if word in _DETERMINERS:
            determiner = token
            continue
        determiner, before = None, word
        preposition = word if word in _PREPOSITIONS else ""
    return phrases


def _tokens(text: str) -> list[_Token]:
    return [_Token(*match.span(), match.group()) for match in _TOKEN.finditer(text)]


def _says(word: str) -> bool:
    return word[0].isalnum() and re.sub(r"['’].*", "", folded(word)) not in _EMPTY


def _plural(word: _Token) -> bool:
    text = folded(word.text)
    return text.endswith("s") and not text.endswith(("ss", "us", "is"))


def _stem(word: str) -> str:
    return (analyse(word).words or [word])[0]
