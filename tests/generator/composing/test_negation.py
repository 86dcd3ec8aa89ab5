"""What is not so."""

import pytest

from generator.composing.negation import negates


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("有下列情形之一的，不属于医疗事故：", True),
        ("有下列情形之一的，免征契税：", True),
        ("哪些地方不让放鞭炮", True),
        ("不同的客户端有：", False),
        ("能不能退货", False),
        ("有下列情形之一的，应当赔偿：", False),
        ("These systems are not supported:", True),
        ("The following are exempt:", True),
        ("The following systems are supported:", False),
        ("Not only these:", False),
    ],
)
def test_what_is_not_so_or_left_out(text, yes):
    assert negates(text) is yes
