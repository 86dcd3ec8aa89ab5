"""The shipped weights answer plain questions in both languages, from the right passage, and refuse what is far off."""

import pytest
import torch

from app.composition.runtime import shipped_parts
from app.errors import UnavailableError
from app.settings.schema import Settings
from generator.types import SUPPORTED, Generated, Generator, Ink, Request, SourcePassage
from ingestion.sentences import split_sentences

TEXTS = {
    "bin": (
        "JuiceFS 回收站默认保留 1 天，可以用 --trash-days 选项调整。JuiceFS 由三个部分组成：JuiceFS 客户端、"
        "数据存储和元数据引擎。"
    ),
    "ferry": (
        "The ferry to Saaremaa leaves Virtsu every hour ; the crossing takes 27 minutes . It was built in "
        "Gdansk , Poland ."
    ),
}
PASSAGES = [SourcePassage(key=key, text=text, sentences=split_sentences(text)) for key, text in TEXTS.items()]


@pytest.fixture(scope="module")
def generator() -> Generator:
    return shipped_parts().generator(Settings())


def answered(generator: Generator, question: str) -> Generated:
    last = list(generator.stream(Request(question=question, passages=PASSAGES)))[-1]
    assert isinstance(last, Generated)
    return last


@pytest.mark.parametrize(
    ("question", "answer", "passage"),
    [
        ("JuiceFS 回收站默认保留多久？", "1 天", "bin"),
        ("JuiceFS 由哪三个部分组成？", "JuiceFS 客户端、数据存储和元数据引擎", "bin"),
        ("How long does the crossing take?", "27 minutes", "ferry"),
        ("Where was the ferry built?", "Gdansk , Poland", "ferry"),
    ],
)
def test_sentences_are_copied_whole_with_the_answer_marked(
    generator: Generator, question: str, answer: str, passage: str
) -> None:
    found = answered(generator, question)
    assert found.answerable
    assert found.phrase == answer
    assert "".join(found.text[start:end] for start, end in found.emphasis) == answer
    sentences = [TEXTS[passage][start:end] for start, end in split_sentences(TEXTS[passage])]
    (own,) = [sentence for sentence in sentences if answer in sentence]
    # "It was built …" comes with the sentence that says what was
    assert found.text == (" ".join(sentences) if own.startswith("It ") else own)
    assert [(span.ink, span.passage) for span in found.spans] == [(Ink.COPIED, passage)]


def test_the_model_is_loaded_where_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnavailableError, match="GPU"):
        shipped_parts().generator(Settings(device="cuda"))


def test_a_plain_answer_is_better_supported_than_a_far_one(generator: Generator) -> None:
    plain = answered(generator, "How long does the crossing take?")
    request = Request(question="Who won the world cup in 2018?", passages=PASSAGES, answer_from=0.0)
    far = list(generator.stream(request))[-1]
    assert isinstance(far, Generated)
    (near,), (wrong,) = ([span.support for span in found.spans] for found in (plain, far))
    assert near is not None
    assert wrong is not None
    assert 1 > near > SUPPORTED > wrong > 0


@pytest.mark.parametrize("question", ["Who won the world cup in 2018?", "珠穆朗玛峰有多高？"])
def test_what_is_far_off_is_refused(generator: Generator, question: str) -> None:
    assert not answered(generator, question).answerable


def test_a_page_of_questions_answers_with_what_stands_under_the_heading(generator: Generator) -> None:
    """The heading itself, and with it the heading before it, had been the answer."""
    text = (
        "General Questions\n\n"
        "How to upgrade JuiceFS client?\n\n"
        "First unmount JuiceFS volume, then re-mount the volume with newer version client.\n\n"
        "Where is the JuiceFS log?\n\n"
        "Different types of JuiceFS clients have different ways to obtain logs."
    )
    page = SourcePassage(key="faq", text=text, sentences=split_sentences(text))
    request = Request(question="How do I upgrade the JuiceFS client?", passages=[page])
    last = list(generator.stream(request))[-1]
    assert isinstance(last, Generated)
    assert last.phrase == "First unmount JuiceFS volume, then re-mount the volume with newer version client."


def test_each_part_of_a_question_is_answered(generator: Generator) -> None:
    question = "How long does the crossing take, and where was the ferry built?"
    parts = ("How long does the crossing take?", "Where was the ferry built?")
    found = list(generator.stream(Request(question=question, parts=parts, passages=PASSAGES)))[-1]
    assert isinstance(found, Generated)
    assert "27 minutes" in found.text
    assert "Gdansk , Poland" in found.text
