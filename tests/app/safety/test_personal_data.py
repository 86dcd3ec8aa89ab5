"""Personal data is told by its form and its check digit; numbers of other kinds stay."""

import pytest

from app.safety.personal_data import PersonalData, redacted


def kinds(text: str) -> list[tuple[str, str]]:
    return [(match.source, text[match.start : match.end]) for match in PersonalData().find(text)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("cn_id", "身份证110101199003077758，"),
        ("cn_id", "ID 11010519491231002x."),
        ("cn_mobile", "手机13812345678号"),
        ("cn_mobile", "+86 138-1234-5678"),
        ("cn_mobile", "１３８１２３４５６７８"),
        ("bank_card", "卡号6222600260001072444"),
        ("bank_card", "4111 1111 1111 1111"),
        ("bank_card", "3782-822463-10005"),
        ("cn_credit_code", "代码91110000802100433B。"),
        ("passport", "护照号 E12345678"),
        ("passport", "passport no. 123456789"),
        ("email", "write to a.b+c@ex-ample.co.uk."),
        ("phone", "call +44 20 7946 0958"),
        ("phone", "(555) 123-4567"),
        ("phone", "010-12345678"),
        ("us_ssn", "SSN 536-90-4399"),
        ("us_itin", "ITIN 912-90-3456"),
        ("uk_nino", "NI number AB 12 34 56 C."),
        ("uk_nino", "JG103759A"),
        ("uk_nhs", "NHS number: 943 476 5919"),
        ("hk_id", "身份證號碼A123456(3)"),
        ("hk_id", "HKID AB987654(3)"),
        ("iban", "GB82 WEST 1234 5698 7654 32"),
        ("iban", "DE89370400440532013000"),
        ("ip_address", "from 192.168.1.10:"),
        ("ip_address", "at 2001:db8::1 there"),
    ],
)
def test_each_kind_is_found(kind, text):
    assert [name for name, _ in kinds(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "110101199003077759",  # check digit
        "110101199013077758",  # no such month
        "4111 1111 1111 1112",
        "91110000802100433C",
        "part E12345678",
        "2024-01-02 10:11:12",
        "300.1.1.1",
        "v1.2.3.4",
        "GB82 WEST 1234 5698 7654 33",
        "000-12-3456",
        "912-10-3456",
        "GB 12 34 56 C",
        "AB123456E",
        "NHS number: 9434765918",
        "A123456(4)",
        "C++ :: operator",
        "23812345678901",
        "user@host",
        "π = 3.14159265358979",
        "",
    ],
)
def test_other_numbers_are_not(text):
    assert kinds(text) == []


def test_logs_name_the_kind_in_the_place_of_the_data():
    assert redacted("mail x@y.org from 10.0.0.1") == "mail [email] from [ip_address]"
