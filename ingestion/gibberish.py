"""Encoded data inside text: base64, hexadecimal dumps, keys and minified code say nothing to a reader.

They cost more to encode than text of that length, and no question finds them. What is taken for such data is long
(hundreds of characters without a word) and has its shape: kinds of characters that alternate as in random data, or
the marks of program code almost without white space. A hash or a key inside a sentence, an address, a path, a
sequence of DNA and text of scripts without spaces are none of it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

MARK: Final = "…"
ENCODED_DATA: Final = "characters of encoded data or minified code"
"""Name of encoded data among the left-out parts of a document."""
_MIN_CHARS: Final = 256
_MIN_DIGESTS_CHARS: Final = 2_000  # a list of checksums looks like hexadecimal data; a short one is kept
_DIGEST_CHARS: Final = frozenset({32, 40, 56, 64, 96, 128})
_ADDRESS_CHARS: Final = 1_000
_SAMPLE_CHARS: Final = 4_000
_LEAST_CHANGES: Final = (
    0.4  # of kind per character; random base64 has 0.64, names in camel case less than 0.35
)
_LEAST_CHANGES_OF_CAPITALS: Final = 0.2  # random base32 has 0.3
_MOST_SLASHES: Final = 0.06  # one in 64 in base64, one in eight or so in a path
_LEAST_LETTERS: Final = 0.15  # share of bytes with a letter, 0.61 in random data, 0.3 in English text
_MOST_SPACES: Final = 0.08
_LEAST_BRACES: Final = 0.008
_LEAST_SEMICOLONS: Final = 0.004  # minifiers join statements by commas
_MOST_QUOTED_NAMES: Final = (
    0.01  # `":` of JSON, whose values may hold marks of code (addresses, browsers' names)
)
_LEAST_MARKS: Final = 0.04

_LONG_WORD = re.compile(
    r"(?:[^!-~]*+[!-~]{1,59}+(?![!-~]))*+[^!-~]*+[!-~]{60}"
)  # by `match`: a search is slower
_SOME_BYTES = re.compile(r"(?<![\w.])(?:(?:0x|\\x)?[0-9A-Fa-f]{2,16}+:?[\s,:;]{0,4}){8}", re.A)
_ARMOUR = re.compile(r"(?<=-----BEGIN )([A-Z0-9 ]{1,60}-----)[^-]++(?=-----END )")
_KEY_WORD = re.compile(r"[\w+/=]{24}", re.A)
_UUENCODED = re.compile(r"^begin [0-7]{3} [^\n]{1,200}\n(?:[!-`][ -`]{1,61}\n)++[ `]?\n?end$", re.M)
_UUENCODED_LINES = re.compile(
    r"^(?:M[!-`][ -`]{59}[ \t]*\n){6,}+(?:[!-L][ -`]{1,60}(?:\n|\Z))?(?:`(?:\n|\Z))?", re.M
)
_BASE85 = re.compile(r"<~[!-uz\s]{256,}+~>")
_BEFORE, _BEHIND = r"^[ \t>#*/|\"']{0,8}+", r"[ \t\"',;+\\]{0,6}"
# Lines of one width, shorter than those of mail, with what stands before and behind them in comments and code.
_NARROW = re.compile(
    rf"(?:{_BEFORE}[A-Za-z0-9+/_-]{{20,59}}{_BEHIND}\n){{5,}}+"
    rf"(?:{_BEFORE}(?=[^\n]*[0-9=+/])[A-Za-z0-9+/_-]{{1,59}}+={{0,6}}{_BEHIND}$)?",
    re.M,
)
_ADDRESS = re.compile(rf"((?:https?|ftp)://[!-~]{{{_ADDRESS_CHARS}}})[!-~]++", re.I)
# Lines, comments, quotes or string literals of 60 characters and more, one after another; the last may be shorter.
_BETWEEN = r"(?:[\s\"'`+,\\|>#*;]|//(?=\s)){1,12}+"
_ENCODED = re.compile(
    rf"(?:data:[\w.+/;=-]{{0,100}},)?(?<![\w+/=-])[\w+/=-]{{60,}}+(?:{_BETWEEN}[\w+/=-]{{60,}}+)*+"
    rf"(?:{_BETWEEN}(?:[\w+/-]{{0,59}}={{1,2}}|[\w+/-]{{20,59}})(?![\w+/=-]))?",
    re.A,
)
_BYTES = re.compile(r"(?<![\w.])(?:(?:0x|\\x)?[0-9A-Fa-f]{2}(?:[\s,:;]{1,6}+|(?=\\x)|\Z)){128,}+", re.A)
_DUMP = re.compile(
    r"(?:^[ \t]*[0-9A-Fa-f]{4,16}:?[ \t]{1,4}(?:(?:[0-9A-Fa-f]{2}){1,4}[ \t]{1,3}){4,}[^\n]{0,40}(?:\n|\Z)){8,}+",
    re.M,
)
_CODE_LINE = re.compile(r"^[^\n]{500,}$", re.M)

_NARROW_WORD = re.compile(rf"[\w+/=-]+(?={_BEHIND}$)", re.A | re.M)
_WORD = re.compile(r"[\w+/=-]+", re.A)
_KINDS = re.compile(r"[a-z]+|[A-Z]+|[0-9]+|[^a-zA-Z0-9]+")
_REPEATED = re.compile(r"(.)\1+", re.S)
_HEXADECIMAL = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_BYTE = re.compile(r"(?:(?<![^\W_])|(?<=[0\\]x))(?:[0-9A-Fa-f]{2}){1,4}(?![^\W_])", re.A)
_HARDWARE_ADDRESSES = re.compile(r"(?:(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?:[\s,;]+|\Z))+")


_Test = Callable[[str], bool]


def without_gibberish(text: str) -> tuple[str, int]:
    """Leave out encoded data and minified code; `MARK` stands for each stretch.

    Args:
        text: A block or a whole plain text, its lines as they are.

    Returns:
        The text, and the number of characters that were left out.
    """
    if len(text) < _MIN_CHARS and "-----BEGIN " not in text and "\nend" not in text:
        return text, 0
    left_out = 0

    def cut_where(pattern: re.Pattern[str], is_data: _Test, kept: str) -> None:
        nonlocal text, left_out

        def cut(match: re.Match[str]) -> str:
            nonlocal left_out
            if not is_data(match[0]):
                return match[0]
            rest = match.expand(kept) + match[0][len(match[0].rstrip()) :]
            left_out += len(match[0]) - len(rest) + len(MARK)
            return rest

        text = pattern.sub(cut, text)

    for pattern, is_data, kept in _kinds_in(text):
        cut_where(pattern, is_data, kept)
    return text, left_out


def _is_encoded(run: str) -> bool:
    words = _WORD.findall(run)
    body = "".join(words)
    if len(body) < _MIN_CHARS:
        return False
    middle = len(body) // 2
    sample = body[:_SAMPLE_CHARS] + body[middle : middle + _SAMPLE_CHARS]
    share = {name: sum(map(test, sample)) / len(sample) for name, test in _KIND_TESTS.items()}
    if _HEXADECIMAL.fullmatch(sample):
        is_list = len(words) > 1 and len({*map(len, words)}) == 1 and len(words[0]) in _DIGEST_CHARS
        is_long = len(body) >= (_MIN_DIGESTS_CHARS if is_list else _MIN_CHARS)
        return is_long and min(share["digits"], 1 - share["digits"]) > 0.1
    sample = _REPEATED.sub(r"\1", sample)
    changes = len(_KINDS.findall(sample)) / len(sample)
    if share["small"] == 0:
        return 0.08 < share["digits"] < 0.4 and changes > _LEAST_CHANGES_OF_CAPITALS and share["marks"] < 0.02
    if share["slashes"] > _MOST_SLASHES or share["marks"] > 2 * _MOST_SLASHES:
        return False
    return min(share["capitals"], share["digits"]) > 0.01 and changes > _LEAST_CHANGES


def _is_wrapped(lines: str) -> bool:
    """Whether lines of one width are encoded data cut at that width, and not a list of codes as long as each other."""
    words = _NARROW_WORD.findall(lines)
    widths = {*map(len, words[:-1])}
    if len(widths) != 1 or (width := widths.pop()) < len(words[-1]) or width % 4:
        return False
    is_rest = len(words[-1]) < width or words[-1].endswith("=")
    return (is_rest or width * len(words) >= _MIN_DIGESTS_CHARS) and _is_encoded("\n".join(words))


_KIND_TESTS: Final[dict[str, Callable[[str], bool]]] = {
    "small": str.islower,
    "capitals": str.isupper,
    "digits": str.isdigit,
    "slashes": "/".__eq__,
    "marks": "+/-_".__contains__,
}


def _holds_key(framed: str) -> bool:
    """Whether encoded data stand between two marks of a key, and not code or prose that names them."""
    return _KEY_WORD.search(framed, framed.index("-----")) is not None


def _holds_bytes(run: str) -> bool:
    """Whether a run of hexadecimal bytes has enough letters, and is no list of network cards."""
    found = _BYTE.findall(run)
    with_letter = sum(not group.isdecimal() for group in found)
    return with_letter > _LEAST_LETTERS * len(found) and _HARDWARE_ADDRESSES.fullmatch(run.strip()) is None


def _is_minified(line: str) -> bool:
    def share(marks: str) -> float:
        return sum(map(line.count, marks)) / len(line)

    return (
        share(" \t") < _MOST_SPACES
        and share("{}") > _LEAST_BRACES
        and share(";") > _LEAST_SEMICOLONS
        and share("()=:") > _LEAST_MARKS
        and line.count('":') < _MOST_QUOTED_NAMES * len(line)
        and len(line.encode()) < 1.2 * len(line)
    )


def _always(_: str) -> bool:
    return True


_Kind = tuple[re.Pattern[str], _Test, str]
"""A kind of data: a pattern, a test of each match, and the replacement."""
_KEYS: Final[_Kind] = (_ARMOUR, _holds_key, rf"\1 {MARK} ")
_WORDS: Final[_Kind] = (_ENCODED, _is_encoded, MARK)
_ADDRESSES: Final[_Kind] = (_ADDRESS, _always, rf"\1{MARK}")
_LINES: Final[_Kind] = (_NARROW, _is_wrapped, MARK)
_CODE: Final[_Kind] = (_CODE_LINE, _is_minified, MARK)
_UU: Final[tuple[_Kind, _Kind]] = ((_UUENCODED, _always, MARK), (_UUENCODED_LINES, _always, MARK))
_ASCII85: Final[_Kind] = (_BASE85, _always, MARK)
_HEXADECIMAL_BYTES: Final[tuple[_Kind, _Kind]] = ((_DUMP, _holds_bytes, MARK), (_BYTES, _holds_bytes, MARK))


def _kinds_in(text: str) -> Iterator[_Kind]:
    """Kinds that a text may hold, by signs that are quick to look for."""
    is_long = len(text) >= _MIN_CHARS
    has_long_word = is_long and _LONG_WORD.match(text) is not None
    if "-----BEGIN " in text:
        yield _KEYS
    if has_long_word:
        yield _WORDS
        yield _ADDRESSES
    if is_long and "\n" in text:
        yield _LINES
    if is_long and "{" in text and ";" in text:
        yield _CODE
    if "\nend" in text:
        yield _UU[0]
    if is_long and "M" in text and "\n" in text:
        yield _UU[1]
    if "<~" in text:
        yield _ASCII85
    if is_long and _SOME_BYTES.search(text):
        yield from _HEXADECIMAL_BYTES
