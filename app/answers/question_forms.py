"""Questions that a passage seems to answer, made from its headings and its salient sentences by a few forms.

Pure text: nothing here knows whether a question really gets an answer; `app.answers.suggesting` asks the reader.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_HAN: Final = re.compile(r"[一-鿿]")
_LONGEST: Final = 90
_NUMBER: Final = r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|ten|twelve|fourteen|thirty|sixty|ninety)"
_TIME: Final = r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?)"
_HOW_TO: Final = re.compile(r"^how to (.{4,70})$", re.IGNORECASE)
_STAYS: Final = re.compile(
    rf"^(?P<what>[A-Z][^.;:]{{3,60}}?) (?P<verb>is|are) (?P<done>[a-z]+(?:ed|pt|ld|nt)|valid|active) "
    rf"(?:for|after) (?:up to |at least |about )?{_NUMBER} {_TIME}\b"
)
_WITHIN: Final = re.compile(
    rf"^(?P<who>[A-Z][^.;:]{{2,50}}?) (?P<verb>must|may|can|should|shall) (?P<do>[a-z][^.;:]{{3,60}}?),? "
    rf"within {_NUMBER} {_TIME}\b"
)
_DEFINED: Final = re.compile(
    r"^(?P<what>(?:(?:An?|The) )?[A-Z]?[\w-]+(?: [\w-]+){0,3}) (?P<verb>is|are) an? [a-z]"
)
_ZH_TIME: Final = r"(?:\d+|[一二三四五六七八九十百半]+)个?(?:秒|分钟|小时|日|天|周|个月|月|年|工作日)"
_ZH_DEFINED: Final = re.compile(r"^(?:本法|本条例|本办法)?(?:所)?称?(?P<what>[一-鿿\w]{2,12})[，,]?是指")
_ZH_STAYS: Final = re.compile(
    rf"^(?P<what>[^，。；：]{{2,20}}?)(?P<done>保留|保存|有效期)(?:为|是|期为)?{_ZH_TIME}"
)
_ZH_WITHIN: Final = re.compile(
    rf"^(?P<who>[^，。；：]{{2,14}}?)(?P<verb>应当|应|可以|必须)(?:自[^，。；：]{{2,20}}?起)?{_ZH_TIME}(?:以)?内(?P<do>[^，。；：]{{2,20}})"
)
_NO_NAME: Final = re.compile(
    r"^(?:after|all|also|although|another|any|as|at|because|before|both|by|each|every|first|for|from|however|if|in|last|"
    r"many|most|next|no|note|now|of|on|once|one|only|or|second|since|so|some|then|therefore|thus|to|when|where|while|"
    r"with|your|our|my)\b",
    re.IGNORECASE,
)
"""Words that begin no name of a thing."""
_VAGUE: Final = re.compile(
    r"^(?:this|that|these|those|it|they|he|she|we|you|there|here|which|such|each|both|other)\b|"
    r"^(?:该|此|其|这|那|前款|本条|上述|以下|下列)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A question, and how well its form reads: 0 is best."""

    question: str
    language: str
    rank: int


def questions_of(headings: Sequence[str], sentences: Sequence[str]) -> Iterator[Candidate]:
    """Questions from the headings above a passage and from its sentences.

    Args:
        headings: From the outermost to the innermost.
        sentences: Of the passage, in order.
    """
    if headings:
        yield from _of_heading(headings[-1].strip())
    for sentence in sentences:
        yield from _of_sentence(" ".join(sentence.split()))


def _of_heading(heading: str) -> Iterator[Candidate]:
    bare = re.sub(r"^[\d.]+\s+|[#:：]+$", "", heading).strip()
    chinese = bool(_HAN.search(bare))
    if len(bare) > _LONGEST or len(bare) < 3:
        return
    if bare.endswith(("?", "？")):
        yield _made(bare, 0)
    elif chinese and bare.startswith(("如何", "怎样", "怎么")):
        yield _made(f"{bare}？", 0)
    elif how := _HOW_TO.match(bare):
        yield _made(f"How do I {how[1]}?", 0)


def _of_sentence(sentence: str) -> Iterator[Candidate]:
    if _VAGUE.match(sentence):
        return
    if _HAN.search(sentence):
        yield from _of_chinese(sentence)
        return
    if found := _STAYS.match(sentence):
        yield _made(f"How long {found['verb']} {_inside(found['what'])} {found['done']}?", 1)
    if found := _WITHIN.match(sentence):
        yield _made(f"Within what time {found['verb']} {_inside(found['who'])} {found['do']}?", 1)
    if (found := _DEFINED.match(sentence)) and not _NO_NAME.match(sentence):
        yield _made(f"What {found['verb']} {_inside(found['what'])}?", 2)


def _of_chinese(sentence: str) -> Iterator[Candidate]:
    if found := _ZH_DEFINED.match(sentence):
        yield _made(f"什么是{found['what']}？", 1)
    if found := _ZH_STAYS.match(sentence):
        done = "的有效期是多久" if found["done"] == "有效期" else f"{found['done']}多久"
        yield _made(f"{found['what'].removesuffix('的')}{done}？", 1)
    if found := _ZH_WITHIN.match(sentence):
        yield _made(f"{found['who']}{found['verb']}在多长时间内{found['do']}？", 1)


def _inside(phrase: str) -> str:
    """A phrase from the start of a sentence as it stands inside one: names and shortened words keep their capitals."""
    first, _, rest = phrase.partition(" ")
    article = first.lower() in {"a", "an", "the"}
    common = rest != "" and not rest[0].isupper() and not first.isupper()
    return f"{first.lower()} {rest}" if article or common else phrase


def _made(question: str, rank: int) -> Candidate:
    return Candidate(question=question, language="zh" if _HAN.search(question) else "en", rank=rank)
