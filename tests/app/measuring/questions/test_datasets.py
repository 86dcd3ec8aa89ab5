import json

import pytest

from app.measuring.questions.datasets import DatasetError, Selection, build
from app.measuring.questions.formats import FormatError, read
from app.measuring.questions.locate import ParagraphMap, locate

PARIS = "Paris is the capital of France. It lies on the Seine."


def squad(tmp_path, *articles):
    path = tmp_path / "set.json"
    path.write_text(json.dumps({"data": articles}), encoding="utf-8")
    return path


def article(title, context, *questions):
    return {"title": title, "paragraphs": [{"context": context, "qas": list(questions)}]}


def ask(text, answer=None, start=0, **more):
    return {"question": text, "answers": [{"text": answer, "answer_start": start}] if answer else [], **more}


def load(path, **selection):
    name, records = read(path)
    return build(path.name, name, records, Selection(**selection))


def test_squad_gives_articles_questions_and_ranges(tmp_path):
    path = squad(
        tmp_path, article("Paris", PARIS, ask("Which river?", "the Seine", 43), ask("Who built it?"))
    )
    data = load(path)
    assert (data.format, [a.title for a in data.articles]) == ("squad", ["Paris"])
    river, builder = data.questions
    place = river.evidence[0]
    assert data.articles[place.article].paragraphs[place.paragraph][place.start : place.end] == "the Seine"
    assert river.answerable
    assert not builder.answerable


def test_is_impossible_wins_over_plausible_answers(tmp_path):
    data = load(
        squad(tmp_path, article("Paris", PARIS, ask("Which sea?", "the Seine", 43, is_impossible=True)))
    )
    assert not data.questions[0].answerable
    assert data.questions[0].evidence == ()


def test_a_wrong_offset_is_mended_by_the_nearest_occurrence():
    assert locate("a b a b a", "a", 5) == (4, 5)
    assert locate("Der Seine", "seine", 0) == (4, 9)
    assert locate("abc", "x", 0) is None


def test_selection_of_articles_cuts_after_the_whole_share(tmp_path):
    path = squad(tmp_path, *(article(str(n), f"text {n}", ask(f"q{n}", "text")) for n in range(9)))
    # 0.8 of 9 articles are 7.2: the first 7 belong to training
    assert [q.text for q in load(path, article_from=0.8).questions] == ["q7", "q8"]
    assert [a.title for a in load(path, article_from=0.8).articles] == ["7", "8"]
    assert [q.text for q in load(path, skip_articles=8).questions] == ["q8"]


def test_last_every_sample_and_limit(tmp_path):
    path = squad(tmp_path, article("A", "text", *(ask(f"q{n}", "text") for n in range(10))))
    texts = lambda **selection: [q.text for q in load(path, **selection).questions]  # noqa: E731
    assert texts(last=2) == ["q8", "q9"]
    assert texts(every=4) == ["q0", "q4", "q8"]
    assert texts(limit=1) == ["q0"]
    assert texts(sample=3, seed=1) == texts(sample=3, seed=1)
    assert texts(sample=3, seed=1) != texts(sample=3, seed=2)
    assert len(texts(sample=99)) == 10
    with pytest.raises(DatasetError, match="no question is left"):
        load(path, skip_articles=1)


def test_whole_documents_as_text_object_or_file(tmp_path):
    (tmp_path / "river.txt").write_text("The Seine flows.", encoding="utf-8")
    rows = [
        {
            "question": "Which?",
            "answers": ["Seine"],
            "documents": ["river.txt", {"name": "x", "text": "Nothing."}],
        },
        {"question": "Whose?", "answers": [], "documents": ["A text.\nOf two lines."]},
    ]
    path = tmp_path / "set.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    data = load(path)
    assert [a.paragraphs for a in data.articles] == [
        ("The Seine flows.",),
        ("Nothing.",),
        ("A text.\nOf two lines.",),
    ]
    assert [(e.article, e.start, e.end) for e in data.questions[0].evidence] == [(0, 4, 9)]
    assert not data.questions[1].answerable


@pytest.mark.parametrize(
    "content", ["", "[1, 2]", '{"a": 1}', '{"question": "q"}\n{"question": "r"}', "no json", "{\n"]
)
def test_other_content_is_named_and_refused(tmp_path, content):
    path = tmp_path / "set.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=r"set\.json"):
        read(path)


def test_another_layout_is_told_with_those_that_can_be_read(tmp_path):
    path = tmp_path / "qed.jsonl"
    path.write_text(json.dumps({"question": "Which?", "context": PARIS, "answers": ["the Seine"]}))
    with pytest.raises(
        FormatError, match=r"lines have no documents, but question, context, answers\. .*SQuAD"
    ):
        read(path)


def test_paragraphs_are_found_although_white_space_changed():
    first, second = "One  two\r\nthree.", "One two again."
    canonical = "Title\n\nOne two\nthree.\n\nOne two again.\n"
    places = ParagraphMap(canonical, [first, second])
    start, end = places.to_canonical(0, first.index("three"), len(first))
    assert canonical[start:end] == "three."
    start, end = places.to_canonical(1, 4, 7)
    assert (canonical[start:end], start) == ("two", canonical.index("One two again") + 4)


def test_a_paragraph_that_is_not_there_maps_to_nothing():
    places = ParagraphMap("something else", ["One two", "else"])
    assert places.to_canonical(0, 0, 3) is None
    assert places.to_canonical(1, 0, 4) == (10, 14)
    assert places.to_canonical(1, 0, 0) is None


def test_without_sentences_an_answer_stands_for_itself(tmp_path):
    (place,) = load(squad(tmp_path, article("P", PARIS, ask("?", "the Seine", 43)))).questions[0].evidence
    assert place.sentence == (place.start, place.end)
