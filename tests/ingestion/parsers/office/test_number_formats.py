"""Numbers as formats show them."""

import pytest

from ingestion.parsers.office.number_formats import plain, shown


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        (42, "00000", "00042"),
        (1234.5, '#,##0.00 "EUR"', "1234.50 EUR"),
        (5, '"$"#,##0', "$5"),
        (5, "#,##0\\ [$€-407]", "5 €"),
        (-5, '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', "$(5.00)"),
        (0, '_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', "0"),
        (99, '0" 元"', "99 元"),
        (0.1234, "0.0%", "12.3%"),
        (1.5, "# ?/?", "1 1/2"),
        (0.375, "# ??/??", "3/8"),
        (12345, "0.00E+00", "1.23E+04"),
        (12345, '0.0,"k"', "12.3k"),
        (1234567, '0.00,,"M"', "1.23M"),
        (5551234567, "(000) 000-0000", "(555) 123-4567"),
        (1.005, "0.00", "1.01"),
        (2.5, "0", "3"),
        (-0.4, "0", "0"),
        (0.5, "#.##", "0.5"),
        (3, "[Red]0", "3"),
        (150, '[>100]"high "0;"low "0', "high 150"),
        (0, '"yes";;"no"', "no"),
        (3.7, '0.00 "d"', "3.70 d"),
        (5, 'General "min"', "5 min"),
        (5, ";;;", "5"),
        (5, '"abc', "abc"),
        (5, "[", "5"),
        (1e300, "0.00", "1e+300"),
    ],
)
def test_numbers(value: float, code: str, text: str) -> None:
    assert shown(value, code) == text


@pytest.mark.parametrize(
    ("days", "code", "text"),
    [
        (1.5625, "[h]:mm", "37:30"),
        (1.5, "[hh]:mm:ss", "36:00:00"),
        (-1.5, "[h]:mm", "-36:00"),
        (1.5, '[h]"h"', "36h"),
        (0.0625, "[mm]:ss", "90:00"),
        (44259.354166666, "yyyy-mm-dd h:mm", "2021-03-04 08:30:00"),
        (44259, "dd/mm/yyyy", "2021-03-04"),
        (44259, '[$-804]yyyy"年"m"月"d"日"', "2021年3月4日"),
        (0.295138888889, "h:mm", "07:05:00"),
        (0.00123, "mm:ss.0", "00:01:46.3"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (3e9, "yyyy-mm-dd", "3000000000"),
    ],
)
def test_dates_times_and_durations(days: float, code: str, text: str) -> None:
    assert shown(days, code) == text


def test_days_counted_from_1904() -> None:
    assert shown(42797, "yyyy-mm-dd", is_1904=True) == "2021-03-04"
    assert shown(1.5, "[h]:mm", is_1904=True) == "36:00"


def test_numbers_without_a_format_keep_their_digits() -> None:
    assert [plain(value) for value in (0.1 + 0.2, 123456789012345680.0, 3.0, 1e-5, 1e25)] == [
        "0.3", "123456789012346000", "3", "0.00001", "1e+25",
    ]  # fmt: skip
