"""Encodings of central Europe and Turkey are told from the western one by the letters of their languages."""

import pytest

from ingestion.encodings import decode

OTHERS = {
    "Polish": (
        "Cena wynosi 15 zł, płatność w ciągu siedmiu dni. Źródło: załącznik ósmy.",
        ("cp1250", "iso8859_2"),
    ),
    "Czech": ("Nájemce je povinen platit nájemné předem, nejpozději do pátého dne.", ("cp1250", "iso8859_2")),
    "Hungarian": (
        "A bérlő köteles a bérleti díjat legkésőbb ötödik napjáig megfizetni.",
        ("cp1250", "iso8859_2"),
    ),
    "Turkish": ("Kiracı, kira bedelini her ayın beşinci gününe kadar ödemekle yükümlüdür.", ("cp1254",)),
}
WESTERN = {
    "German": "Der Mieter hat die Miete spätestens am dritten Werktag zu zahlen. Gebühr für Kündigung: 5 €, „groß“.",
    "French": "Le locataire paie le loyer au plus tard le cinq. Le préavis est notifié à l’œuvre, ça va.",
    "Spanish": "El inquilino pagará el alquiler antes del día cinco. ¿Cuál es la señal, según el baño?",
    "Portuguese": "O locatário não pagará até o dia cinco; a rescisão é notificada às três.",
    "Swedish": "Hyresgästen ska betala hyran före den femte i månaden på begäran.",
    "Icelandic": "Leigjandi skal greiða leigu fyrir fimmta dag mánaðar, það er skylda þín.",
    "mixed": "Müller & Café Niño: 20 °C, 5 m², ½ price, O’Neil’s naïve résumé",
}


@pytest.mark.parametrize(("text", "encoding"), [(t, e) for t, several in OTHERS.values() for e in several])
def test_letters_of_other_alphabets_are_read(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).text == text


@pytest.mark.parametrize("text", WESTERN.values(), ids=WESTERN)
def test_western_text_stays_western(text: str) -> None:
    assert decode(text.encode("cp1252")).text == text


def test_chinese_names_in_english_are_no_letters_of_europe() -> None:
    text = "Signed by 张伟 and 李娜 in 北京, with 王芳 as witness"
    assert decode(text.encode("gb18030")).text == text
