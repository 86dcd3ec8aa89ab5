"""Numbers as Word writes them before paragraphs and notes (ST_NumberFormat: ECMA-376, part 1, 17.18.59)."""

import re
from typing import Final

_ROMAN: Final = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
    (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip
_MAX_ROMAN: Final = 32_767
_MAX_REPEATS: Final = 30  # Word's own limit for letters
_LETTERS: Final = {
    "lowerLetter": "abcdefghijklmnopqrstuvwxyz",
    "upperLetter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "chicago": "*†‡§",
    "russianLower": "абвгдежзиклмнопрстуфхцчшщыэюя",
    "russianUpper": "АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЫЭЮЯ",
}
# Sets that end; numbers behind their end are decimal.
_KANA: Final = (
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヰヱヲン"
)
_IROHA: Final = (
    "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
)
_SETS: Final = {
    "aiueoFullWidth": _KANA,
    "irohaFullWidth": _IROHA,
    "ideographTraditional": "甲乙丙丁戊己庚辛壬癸",
    "ideographZodiac": "子丑寅卯辰巳午未申酉戌亥",
    "ideographEnclosedCircle": "㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉",
    "decimalEnclosedCircle": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedCircleChinese": "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳",
    "decimalEnclosedParen": "⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇",
    "decimalEnclosedFullstop": "⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛",
    "ganada": "가나다라마바사아자차카타파하",
    "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ",
}
_DIGITS: Final = {
    "ideographDigital": "〇一二三四五六七八九",
    "japaneseDigitalTenThousand": "〇一二三四五六七八九",
    "taiwaneseDigital": "○一二三四五六七八九",
    "koreanDigital": "영일이삼사오육칠팔구",
    "koreanDigital2": "零一二三四五六七八九",
    "decimalFullWidth": "０１２３４５６７８９",
    "decimalFullWidth2": "０１２３４５６７８９",
    "thaiNumbers": "๐๑๒๓๔๕๖๗๘๙",
    "hindiNumbers": "०१२३४५६७८९",
}
# Digits with zero, names of ten, hundred and thousand, that of ten thousand, and whether one is said before them.
_COUNTED: Final = {
    "chineseCountingThousand": ("零一二三四五六七八九", "十百千", "万", True),
    "taiwaneseCountingThousand": ("零一二三四五六七八九", "十百千", "萬", True),
    "chineseLegalSimplified": ("零壹贰叁肆伍陆柒捌玖", "拾佰仟", "万", True),
    "ideographLegalTraditional": ("零壹貳參肆伍陸柒捌玖", "拾佰仟", "萬", True),
    "japaneseLegal": ("〇壱弐参四伍六七八九", "拾百阡", "萬", True),
    "japaneseCounting": ("〇一二三四五六七八九", "十百千", "万", False),
    "koreanCounting": ("영일이삼사오육칠팔구", "십백천", "만", False),
}
_ONES: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS: Final = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip


def numeral(number: int, form: str, pattern: str = "") -> str:
    """Write a number.

    Args:
        number: Not negative.
        form: A value of ST_NumberFormat; decimal stands for those without a rule here.
        pattern: Of the form "custom": its first numbers, such as `001, 002, 003, ...`.

    Returns:
        The number, or nothing for the forms that show none.
    """
    if form in {"none", "bullet"}:
        return ""
    if form == "custom":
        return str(number).zfill(min(len(pattern.partition(",")[0].strip()), 9))
    if form == "decimalZero":
        return f"{number:02d}"
    if form in _DIGITS:
        return "".join(_DIGITS[form][int(digit)] for digit in str(number))
    if number < 1:
        return str(number)
    if form in _LETTERS:
        repeats, place = divmod(number - 1, len(_LETTERS[form]))
        return _LETTERS[form][place] * min(repeats + 1, _MAX_REPEATS)
    if form in _SETS:
        return _SETS[form][number - 1] if number <= len(_SETS[form]) else str(number)
    if form in _COUNTED:
        return _counted(number, form)
    return _written(number, form)


def _written(number: int, form: str) -> str:
    """Forms with a rule of their own."""
    match form:
        case "lowerRoman":
            return _roman(number)
        case "upperRoman":
            return _roman(number).upper()
        case "chineseCounting" | "taiwaneseCounting":
            is_short = number < 100
            return _counted(number, f"{form}Thousand") if is_short else numeral(number, _digits_of(form))
        case "ideographZodiacTraditional":
            pair = (
                _SETS["ideographTraditional"][(number - 1) % 10],
                _SETS["ideographZodiac"][(number - 1) % 12],
            )
            return "".join(pair) if number <= 60 else str(number)
        case "ordinal":
            teen = 10 < number % 100 < 20
            return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
        case "cardinalText":
            return _words(number).capitalize()
        case "ordinalText":
            return _ordinal_words(number).capitalize()
        case "hex":
            return f"{number:X}"
        case "numberInDash":
            return f"- {number} -"
    return str(number)


def _digits_of(form: str) -> str:
    return "taiwaneseDigital" if form.startswith("taiwanese") else "ideographDigital"


def _roman(number: int) -> str:
    if number > _MAX_ROMAN:
        return str(number)
    parts: list[str] = []
    for value, letters in _ROMAN:
        parts.append(letters * (number // value))
        number %= value
    return "".join(parts)


def _counted(number: int, form: str) -> str:
    """Chinese numbers and their like: a name for each power of ten, up to 99,999,999."""
    digits, powers, myriad, says_one = _COUNTED[form]
    high, low = divmod(number, 10_000)
    if high >= 10_000:
        return str(number)
    text = _below_myriad(low, digits, powers, says_one=says_one) if low else ""
    if high:
        gap = digits[0] if says_one and 0 < low < 1000 else ""
        text = f"{_below_myriad(high, digits, powers, says_one=says_one)}{myriad}{gap}{text}"
    # Ten is said without one, but in the numbers of contracts.
    one, ten = digits[1], powers[0]
    return text[1:] if text.startswith(one + ten) and ten == "十" else text


def _below_myriad(number: int, digits: str, powers: str, *, says_one: bool) -> str:
    parts: list[str] = []
    figures = str(number)
    for place, figure in enumerate(figures):
        power = len(figures) - 1 - place
        if figure == "0":
            if says_one and parts and parts[-1] != digits[0]:
                parts.append(digits[0])
        elif power and figure == "1" and not says_one:
            parts.append(powers[power - 1])
        else:
            parts.append(digits[int(figure)] + (powers[power - 1] if power else ""))
    text = "".join(parts)
    return text.rstrip(digits[0]) if says_one else text


def _words(number: int) -> str:
    if number < len(_ONES):
        return _ONES[number]
    tens, ones = divmod(number, 10)
    if tens > 9:
        return str(number)
    return f"{_TENS[tens - 2]}-{_ONES[ones]}" if ones else _TENS[tens - 2]


def _ordinal_words(number: int) -> str:
    text = _words(number)
    if text.isdecimal():
        return _written(number, "ordinal")
    head, dash, last = text.rpartition("-")
    return f"{head}{dash}{_ORDINALS.get(last) or re.sub('y$', 'ie', last) + 'th'}"
